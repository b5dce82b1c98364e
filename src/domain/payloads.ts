import type { Answer } from './types.js'

/**
 * Maximum size of one value as JSON on its way through Temporal, bytes: its servers accept payloads of up to 2 MiB, some of
 * which encryption and metadata need. Safe to import inside workflows.
 */
export const largestPayload = 1_900_000

/** Size of a prediction relative to that of one token, some 65 bytes: an answer has the ids and the text of all its tokens. */
export function predictionSize(answer: Answer | undefined): number {
  return answer ? 2 + answer.maxTokens / 4 : 1
}

/** Why a value cannot be sent, and what to do about it. */
export function tooLarge(what: string, bytes: number): string {
  return (
    `${what} takes ${megabytes(bytes)}, but Temporal accepts at most ${megabytes(largestPayload)}\n` +
    '  Lower the number of items or demonstrations that the config asks for, or use shorter texts.'
  )
}

/** With one decimal. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
