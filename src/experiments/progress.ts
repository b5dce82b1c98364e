import type { EvaluateOptions } from '../engine/engine.js'

/** Options for a part of the work, whose progress takes the whole's from one share to another. */
export function within({ signal, onProgress }: EvaluateOptions, from: number, to: number): EvaluateOptions {
  return {
    ...(signal ? { signal } : {}),
    onProgress: (fraction) => onProgress?.(Math.min(1, from + (to - from) * fraction)),
  }
}

/** Options for each of so many equal parts, in their order. */
export function inParts(options: EvaluateOptions, parts: number): () => EvaluateOptions {
  let done = 0
  return () => within(options, done++ / parts, done / parts)
}
