import type { BlockSessions } from './block-sessions.js'
import type { AnswerMetrics, EvaluateRequest, Projection, ProjectRequest } from './engine.js'
import type { TopToken } from './answer.js'
import { RowLogits } from './row-logits.js'

/** Rows per run of the head: many, to read the unembedding rarely; few enough to hold their logits. */
const rowsPerRun = 256

/** The answer token whose probability is read at one row. */
export interface Question {
  readonly row: number
  readonly answerToken: number
}

/** What else is read of the next token. */
export type Reading = Pick<EvaluateRequest, 'top'>

/**
 * Reads the next token at rows of `states`, `[rows, d_model]` after the last block; a row may be read more than
 * once, or not at all. Errors: MODEL if logits are not finite.
 */
export async function readRows(
  sessions: BlockSessions,
  states: Float32Array,
  questions: readonly Question[],
  { top }: Reading = {},
): Promise<AnswerMetrics[]> {
  const readings: AnswerMetrics[] = []
  await forRows(sessions, states, (first, count, logitsOf) => {
    questions.forEach(({ row, answerToken }, i) => {
      if (row >= first && row < first + count) readings[i] = read(logitsOf(row), answerToken, top)
    })
  })
  return readings
}

/** How a row's logits are read: only the greedy token, or probabilities too. */
export interface Visit {
  readonly row: number
  readonly greedy: boolean
  readonly read: (logits: RowLogits) => void
}

/** Passes the logits of rows of `states` to their readers. Errors: MODEL if logits are not finite. */
export async function visitRows(
  sessions: BlockSessions,
  states: Float32Array,
  visits: readonly Visit[],
): Promise<void> {
  const { dModel } = sessions.decoder
  const wholly = new Set(visits.filter(({ greedy }) => !greedy).map(({ row }) => row))
  const greedily = visits.map(({ row }) => row).filter((row) => !wholly.has(row))
  for (const [rows, greedy] of [
    [[...wholly], false],
    [[...new Set(greedily)], true],
  ] as const) {
    const places = new Map(rows.map((row, place) => [row, place]))
    const taken = new Float32Array(rows.length * dModel)
    rows.forEach((row, i) => taken.set(states.subarray(row * dModel, (row + 1) * dModel), i * dModel))
    await forRows(
      sessions,
      taken,
      (first, count, logitsOf) => {
        for (const { row, read } of visits) {
          const place = places.get(row) ?? -1
          if (place >= first && place < first + count) read(logitsOf(place))
        }
      },
      greedy,
    )
  }
}

/** Each vector's projection to the vocabulary. Errors: MODEL if logits are not finite. */
export async function projectRows(
  sessions: BlockSessions,
  { vectors, top, tokens }: ProjectRequest,
): Promise<Projection[]> {
  const projections: Projection[] = []
  await forRows(sessions, vectors, (first, count, logitsOf) => {
    for (let row = first; row < first + count; row++) {
      const logits = logitsOf(row)
      projections.push({
        top: likeliest(logits, top).map(({ token, logProb }) => ({ token, logProb })),
        of: tokens.map((token) => {
          const logit = logits.logit(token)
          return { token, logProb: logits.logProb(logit), rank: logits.rank(logit) }
        }),
      })
    }
  })
  return projections
}

async function forRows(
  { head, decoder: { dModel } }: BlockSessions,
  states: Float32Array,
  visit: (first: number, count: number, logitsOf: (row: number) => RowLogits) => void,
  greedy = false,
): Promise<void> {
  const rows = states.length / dModel
  for (let first = 0; first < rows; first += rowsPerRun) {
    const count = Math.min(rowsPerRun, rows - first)
    const slices = await head.run(states.subarray(first * dModel, (first + count) * dModel), greedy)
    visit(first, count, (row) => new RowLogits(slices, row - first))
  }
}

function read(logits: RowLogits, answerToken: number, top?: number): AnswerMetrics {
  const answer = logits.logit(answerToken)
  return {
    token: logits.greedyToken(),
    answerLogProb: logits.logProb(answer),
    answerRank: logits.rank(answer),
    answerLogitDifference: answer - logits.highestBut(answerToken),
    ...(top === undefined ? {} : { top: likeliest(logits, top) }),
  }
}

function likeliest(logits: RowLogits, count: number): TopToken[] {
  return logits.top(count).map(({ token, logit }) => ({ token, logit, logProb: logits.logProb(logit) }))
}
