import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlockSessions } from '../../src/engine/block-sessions.js'
import { readRows, type Question } from '../../src/engine/answer-metrics.js'

/** A head whose logits are the state itself, cut into slices of the vocabulary. */
function headOf(vocab: number, tokensPerSlice: number): BlockSessions {
  async function run(states: Float32Array) {
    const rows = Array.from({ length: states.length / vocab }, (_, row) =>
      states.subarray(row * vocab, (row + 1) * vocab),
    )
    return Array.from({ length: Math.ceil(vocab / tokensPerSlice) }, (_, i) => {
      const first = i * tokensPerSlice
      const parts = rows.map((row) => row.slice(first, first + tokensPerSlice))
      const highest = parts.map((part) => Math.max(...part))
      return {
        first,
        count: Math.min(tokensPerSlice, vocab - first),
        logits: Float32Array.from(parts.flatMap((part) => [...part])),
        highest: Float32Array.from(highest),
        expSum: Float32Array.from(parts, (part, row) =>
          part.reduce((sum, logit) => sum + Math.exp(logit - (highest[row] as number)), 0),
        ),
      }
    })
  }
  return { decoder: { dModel: vocab }, head: { run } } as unknown as BlockSessions
}

function read(logits: readonly (readonly number[])[], questions: readonly Question[], tokensPerSlice = 3) {
  const vocab = logits[0]?.length ?? 0
  return readRows(headOf(vocab, tokensPerSlice), Float32Array.from(logits.flat()), questions)
}

describe('readings', () => {
  it('choose the lowest id among equal logits, across slices too', async () => {
    const [first, second] = await read(
      [
        [0, 2, 5, 1, 5, 0, 5],
        [7, 0, 0, 7, 0, 0, 7],
      ],
      [
        { row: 0, answerToken: 0 },
        { row: 1, answerToken: 6 },
      ],
    )
    expect(first?.token).toBe(2)
    expect(second).toMatchObject({ token: 0, answerRank: 1 }) // none is higher than the answer
  })

  it('agree with a plain log-softmax and count, for any logits and questions', async () => {
    const logit = fc.integer({ min: -400, max: 400 }).map((value) => value / 10)
    const rows = fc.array(fc.array(logit, { minLength: 11, maxLength: 11 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 12 }), async (logits, tokensPerSlice) => {
        const questions = logits.flatMap((_, row) => [
          { row, answerToken: row },
          { row, answerToken: 10 },
        ])
        const readings = await read(logits, questions, tokensPerSlice)
        questions.forEach(({ row, answerToken }, i) => {
          const values = Array.from(Float32Array.from(logits[row] ?? []))
          const answer = values[answerToken] as number
          const total = values.reduce((sum, value) => sum + Math.exp(value - answer), 0)
          expect(readings[i]?.token).toBe(values.indexOf(Math.max(...values)))
          expect(readings[i]?.answerLogProb).toBeCloseTo(-Math.log(total), 5)
          const others = values.filter((_, token) => token !== answerToken)
          expect(readings[i]?.answerLogitDifference).toBeCloseTo(answer - Math.max(...others), 4)
          expect(readings[i]?.answerRank).toBe(1 + values.filter((value) => value > answer).length)
        })
      }),
    )
  })

  it('are given for more rows than one run of the head takes', async () => {
    const logits = Array.from({ length: 600 }, (_, row) => [row % 5 === 0 ? 1 : 0, 0.5, row % 2])
    const questions = logits.map((_, row) => ({ row, answerToken: 2 })).reverse()
    const readings = await read(logits, questions)
    questions.forEach(({ row }, i) =>
      expect(readings[i]?.token).toBe(row % 5 === 0 ? 0 : row % 2 === 1 ? 2 : 1),
    )
  })

  it.each([NaN, Infinity])('refuse a logit that is %d', async (bad) => {
    await expect(read([[0, bad, 1]], [{ row: 0, answerToken: 0 }])).rejects.toMatchObject({ code: 'MODEL' })
  })
})
