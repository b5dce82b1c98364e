import type { Demonstration, Protocol } from '../domain/types.js'
import { TaskvecError } from '../domain/errors.js'
import type { Engine, AnswerMetrics } from '../engine/engine.js'
import { formatPrompt } from '../prompt/format.js'
import { prepareTask } from './prepare-task.js'

export interface TaskVectorQuestion {
  readonly task: string
  readonly query: string
  /** The layer L to patch at; undefined: every layer. */
  readonly layer: number | undefined
  readonly seed: number
  readonly demonstrations: number
}

export interface TaskVectorAnswer {
  readonly task: string
  readonly query: string
  readonly demonstrations: readonly Demonstration[]
  readonly dummyQueries: readonly string[]
  readonly regular: string
  readonly baseline: string
  /** By L; `likeliest`: θ itself through the final norm and the unembedding, the likeliest tokens first (docs/protocol.md, Vocabulary projection). */
  readonly hypothesis: readonly {
    readonly layer: number
    readonly prediction: string
    readonly likeliest: readonly string[]
  }[]
}

/** How many draws to look through for one in which the query itself does not stand. */
const draws = 20
const shownTokens = 8

/**
 * f(x; θ): the query answered from [x, ->] with θ(S) patched in (paper, section 3), beside the regular and the
 * baseline answer. S and x' are drawn by seed, and never contain the query.
 * Errors: TASK where the task is unknown, too small, or L out of range.
 */
export async function answerByTaskVector(
  engine: Engine,
  question: TaskVectorQuestion,
): Promise<TaskVectorAnswer> {
  const layers = chooseLayers(question.layer, engine.info.blocks)
  const { demonstrations, dummyQueries, query } = await draw(engine, question)

  const prompts = [
    formatPrompt(demonstrations, query),
    formatPrompt([], query),
    ...dummyQueries.map((dummy) => formatPrompt(demonstrations, dummy)),
  ]
  const [regularPrompt = [], baselinePrompt = [], ...thetaPrompts] = await engine.encode(prompts)
  const result = await engine.evaluate({
    // Only the greedy choice is read here, so any token will do as the answer.
    items: [
      {
        thetaPrompts,
        patchedPrompt: baselinePrompt,
        plainPrompts: [regularPrompt, baselinePrompt],
        answerToken: 0,
      },
    ],
    layers,
    thetas: 'mean',
  })

  const readings: AnswerMetrics[] = [...(result.plain[0] ?? []), ...(result.patched[0] ?? [])]
  const [regular = '', baseline = '', ...patched] = await engine.decode(readings.map(({ token }) => token))
  const projected = await engine.project({
    vectors: result.thetas ?? new Float32Array(),
    top: shownTokens,
    tokens: [],
  })
  const texts = await engine.decode(projected.flatMap(({ top }) => top.map(({ token }) => token)))
  const hypothesis = layers.map((layer, i) => ({
    layer,
    prediction: patched[i] ?? '',
    likeliest: texts.slice(i * shownTokens, (i + 1) * shownTokens),
  }))
  return { task: question.task, query, demonstrations, dummyQueries, regular, baseline, hypothesis }
}

function chooseLayers(layer: number | undefined, blocks: number): number[] {
  if (layer === undefined) return Array.from({ length: blocks }, (_, i) => i)
  if (layer < blocks) return [layer]
  throw new TaskvecError('TASK', `layer ${layer} is out of range: the model has ${blocks} blocks`, {
    hint: `Choose L from 0 to ${blocks - 1}.`,
  })
}

async function draw(engine: Engine, question: TaskVectorQuestion) {
  const protocol: Protocol = {
    seed: question.seed,
    demonstrations: question.demonstrations,
    dummyQueries: 2,
    dummyMayBeDemonstration: false,
    testItems: draws,
    devItems: 0,
    baselineItems: 0,
  }
  const prepared = await prepareTask(engine, { kind: 'builtin', id: question.task }, protocol)
  const query = prepared.reading === 'leading-space' ? ` ${question.query.trim()}` : question.query
  const fresh = prepared.items.test.find(
    (item) => !item.demonstrations.some(({ input }) => input === query) && !item.dummyQueries.includes(query),
  )
  if (!fresh) {
    throw new TaskvecError(
      'TASK',
      `${question.task}: every one of ${draws} draws of demonstrations contains the query "${query}"`,
      {
        hint: 'Take fewer --demonstrations or another --seed.',
      },
    )
  }
  return { demonstrations: fresh.demonstrations, dummyQueries: fresh.dummyQueries, query }
}
