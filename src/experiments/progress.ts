import type { EvaluateOptions } from '../engine/engine.js'

/** Options for a part of the work: its progress moves that of the whole from share `from` to share `to`. */
export function within({ signal, onProgress }: EvaluateOptions, from: number, to: number): EvaluateOptions {
  return {
    ...(signal ? { signal } : {}),
    onProgress: (fraction) => onProgress?.(Math.min(1, from + (to - from) * fraction)),
  }
}

/** Returns a function that gives the options for each of `parts` equal parts, in order. */
export function inParts(options: EvaluateOptions, parts: number): () => EvaluateOptions {
  let done = 0
  return () => within(options, done++ / parts, done / parts)
}
