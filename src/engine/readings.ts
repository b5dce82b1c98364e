import type { Reading } from './engine.js'
import type { BlockSessions } from './block-sessions.js'

/** Rows per call of the head: their logits stay in cache, and the shape does not depend on the request's size. */
const rowsPerCall = 64

/** Reads the next token at each row: greedy choice, and the answer token's log-probability and rank. */
export async function readRows(
  sessions: BlockSessions,
  /** `[rows, d_model]`, residual streams after the last block. */
  residual: Float32Array,
  answerTokens: readonly number[],
): Promise<Reading[]> {
  const { dModel, vocab } = sessions.shape
  const readings: Reading[] = []
  for (let start = 0; start < answerTokens.length; start += rowsPerCall) {
    const end = Math.min(start + rowsPerCall, answerTokens.length)
    const logits = await sessions.runHead(residual.subarray(start * dModel, end * dModel))
    for (let row = start; row < end; row++) {
      const from = (row - start) * vocab
      readings.push(read(logits.subarray(from, from + vocab), answerTokens[row] as number))
    }
  }
  return readings
}

function read(logits: Float32Array, answerToken: number): Reading {
  const answer = logits[answerToken] as number
  let token = 0
  let highest = -Infinity
  let answerRank = 1
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number
    if (logit > highest) {
      highest = logit
      token = i
    }
    if (logit > answer) answerRank++
  }
  let total = 0
  for (let i = 0; i < logits.length; i++) total += Math.exp((logits[i] as number) - highest)
  return { token, answerLogProb: answer - highest - Math.log(total), answerRank }
}
