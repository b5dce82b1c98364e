import type { ModelInfo } from '../src/domain/types.js'

/** Histories of versions up to 0.4.0 hold `modelHash` under the name `contentHash`. */
export function recordedInfo(recorded: ModelInfo & { readonly contentHash?: string }): ModelInfo {
  const { contentHash, ...info } = recorded
  return contentHash === undefined ? info : { ...info, modelHash: contentHash }
}
