import type { EvaluateRequest } from '../src/engine/engine.js'

/** Items of prompt lengths as in a sweep, of tokens below 100: for timing models whose weights mean nothing. */
export function syntheticItems(count: number): EvaluateRequest['items'] {
  return Array.from({ length: count }, (_, i) => {
    const demonstrations = Array.from({ length: 30 }, (_, j) => 1 + ((7 * i + 3 * j) % 90))
    return {
      thetaPrompts: [[...demonstrations, 5, 9]],
      patchedPrompt: [1 + i, 9],
      plainPrompts: [[...demonstrations, 1 + i, 9]],
      answerToken: 3,
    }
  })
}
