import { TaskvecError } from '../domain/errors.js'
import type { BlockSessions } from './block-sessions.js'
import type { Reading } from './engine.js'
import type { SliceLogits } from './head-sessions.js'

/** Rows per run of the head: many, so that the unembedding is gone through seldom; few enough to hold their logits. */
const rowsPerRun = 256

/** What is asked of one row: the log-probability and rank of `answerToken`. */
export interface Question {
  readonly row: number
  readonly answerToken: number
}

/**
 * Reads the next token at rows of `states`, `[rows, d_model]` after the last block; a row may be asked about more than
 * once, or not at all. Throws MODEL where logits are not finite.
 */
export async function readRows(
  { head, shape }: BlockSessions,
  states: Float32Array,
  questions: readonly Question[],
): Promise<Reading[]> {
  const { dModel } = shape
  const readings: Reading[] = []
  for (let first = 0; first * dModel < states.length; first += rowsPerRun) {
    const slices = await head.run(states.subarray(first * dModel, (first + rowsPerRun) * dModel))
    questions.forEach(({ row, answerToken }, i) => {
      if (row >= first && row < first + rowsPerRun) readings[i] = read(slices, row - first, answerToken)
    })
  }
  return readings
}

function read(slices: readonly SliceLogits[], row: number, answerToken: number): Reading {
  const highest = Math.max(...slices.map((slice) => at(slice.highest, row)))
  let expSum = 0
  for (const slice of slices) expSum += at(slice.expSum, row) * Math.exp(at(slice.highest, row) - highest)
  if (!Number.isFinite(highest) || !Number.isFinite(expSum)) {
    throw new TaskvecError('MODEL', 'the model computes logits that are not finite numbers', {
      hint: 'Its weights may be damaged: taskvec models check PATH.',
    })
  }
  const answer = logitOf(slices, row, answerToken)
  return {
    token: lowestToken(slices, row, highest),
    answerLogProb: answer - highest - Math.log(expSum),
    answerRank: 1 + countAbove(slices, row, answer),
  }
}

function lowestToken(slices: readonly SliceLogits[], row: number, highest: number): number {
  const slice = slices.find((candidate) => at(candidate.highest, row) === highest) as SliceLogits
  return slice.first + logitsOf(slice, row).indexOf(highest)
}

function logitOf(slices: readonly SliceLogits[], row: number, token: number): number {
  const slice = slices.find(({ first, count }) => token >= first && token < first + count) as SliceLogits
  return at(logitsOf(slice, row), token - slice.first)
}

function countAbove(slices: readonly SliceLogits[], row: number, answer: number): number {
  let count = 0
  for (const slice of slices) {
    if (at(slice.highest, row) <= answer) continue
    const logits = logitsOf(slice, row)
    for (let i = 0; i < logits.length; i++) if (at(logits, i) > answer) count++
  }
  return count
}

function logitsOf({ logits, count }: SliceLogits, row: number): Float32Array {
  return logits.subarray(row * count, (row + 1) * count)
}

function at(values: Float32Array, index: number): number {
  return values[index] as number
}
