import type { ModelInfo } from '../src/domain/types.js'

/** Renames `contentHash` to `modelHash` in histories of versions up to 0.4.0. */
export function recordedInfo(recorded: ModelInfo & { readonly contentHash?: string }): ModelInfo {
  const { contentHash, ...info } = recorded
  return contentHash === undefined ? info : { ...info, modelHash: contentHash }
}
