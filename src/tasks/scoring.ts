import type { Scoring } from '../domain/types.js'

export interface Judged {
  readonly scoring: Scoring
  /** The generated text; see `cut`. */
  readonly prediction: string
  readonly answer: string
  readonly accept: readonly string[]
}

/**
 * docs/protocol.md, Scoring: equal to the answer or an accepted alternative after stripping; under `prefix` also when
 * one of them begins with the prediction or the prediction begins with it. Case matters. Under `first-token` it is the
 * token that counts (src/experiments/judge.ts); a text alone is judged as under `prefix`.
 */
export function isCorrect({ scoring, prediction, answer, accept }: Judged): boolean {
  const given = prediction.trim()
  // Everything begins with the empty text: without this, a model that answers nothing would be always right.
  if (given === '') return false
  return [answer, ...accept].some((text) => {
    const right = text.trim()
    if (right === '') return false
    return given === right || (scoring !== 'exact' && (right.startsWith(given) || given.startsWith(right)))
  })
}

/** Generated text up to the first newline, unstripped. */
export function cut(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
