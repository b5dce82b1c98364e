import type { Answer, Demonstration, Item, PromptTemplate, Protocol, TaskSpec } from '../domain/types.js'
import { TaskvecError } from '../domain/errors.js'
import type { Engine, AnswerMetrics } from '../engine/engine.js'
import { formatPrompt, specialOf } from '../prompt/format.js'
import { formatOf } from '../prompt/templates.js'
import { cut, wholeCharacters } from '../tasks/scoring.js'
import { withChatPrompts } from './chat-prompts.js'
import { givenTheta } from './given-theta.js'
import { prepareTask } from './prepare-task.js'

export interface TaskVectorQuestion {
  readonly query: string
  /** The layer L to patch at; undefined: every layer. */
  readonly layer: number | undefined
  /** S and x': drawn from a task by seed, or given. */
  readonly drawn?: { readonly task: TaskSpec; readonly seed: number; readonly demonstrations: number }
  readonly given?: Pick<Item, 'demonstrations' | 'dummyQueries'>
  /** Absent: the paper's. */
  readonly prompt?: PromptTemplate | undefined
  /** Absent: one token. */
  readonly answer?: Answer
  /** How many top tokens to give for each answer. */
  readonly top: number
}

/** A candidate for the next token. */
export interface Likely {
  readonly token: number
  readonly text: string
  readonly logit: number
  readonly probability: number
}

export interface TaskVectorAnswer {
  /** Absent if S and x' were given. */
  readonly task?: string
  readonly query: string
  readonly demonstrations: readonly Demonstration[]
  readonly dummyQueries: readonly string[]
  readonly regular: string
  readonly baseline: string
  /** The most likely first tokens of the regular and the baseline answer, descending; ties by lowest id. */
  readonly regularTop: readonly Likely[]
  readonly baselineTop: readonly Likely[]
  /** By L; `top` as above; `likeliest`: the top tokens of θ itself through the final norm and the unembedding (docs/protocol.md, Vocabulary projection). */
  readonly hypothesis: readonly {
    readonly layer: number
    readonly prediction: string
    readonly top: readonly Likely[]
    readonly likeliest: readonly string[]
  }[]
}

/** Maximum number of draws until one does not contain the query. */
const draws = 20
const shownTokens = 8

/**
 * f(x; θ): the query answered from [x, ->] with θ(S) patched in (paper, section 3), with the regular and the
 * baseline answer. S and x' are drawn by seed, and never contain the query. A task whose config gives a θ (`theta:`) uses that.
 * Errors: TASK if the task is unknown or too small, or L is out of range.
 */
export async function answerByTaskVector(
  engine: Engine,
  question: TaskVectorQuestion,
): Promise<TaskVectorAnswer> {
  const { blocks, dModel } = engine.info
  const own = question.drawn?.task.theta
  const layers = chooseLayers(question.layer, blocks, own?.layers)
  const given = own && givenTheta(own, layers, dModel)
  const { prompt } = await withChatPrompts(engine, { prompt: question.prompt })
  const { demonstrations, dummyQueries, query } = question.given
    ? { ...question.given, query: question.query }
    : await draw(engine, question, prompt)

  const format = formatOf(prompt)
  const prompts = [
    formatPrompt(demonstrations, query, format),
    formatPrompt([], query, format),
    ...dummyQueries.map((dummy) => formatPrompt(demonstrations, dummy, format)),
  ]
  const [regularPrompt = [], baselinePrompt = [], ...thetaPrompts] = await engine.encode(
    prompts,
    specialOf(format),
  )
  const { answer } = question
  const result = await engine.evaluate({
    // Only the greedy choice is read here, so any token will do as the answer.
    items: [
      {
        thetaPrompts: given ? [] : thetaPrompts,
        patchedPrompt: baselinePrompt,
        plainPrompts: [regularPrompt, baselinePrompt],
        answerToken: 0,
      },
    ],
    layers,
    ...(given ?? { thetas: 'mean' }),
    top: question.top,
    ...(answer ? { generate: answer } : {}),
  })

  const readings: AnswerMetrics[] = [...(result.plain[0] ?? []), ...(result.patched[0] ?? [])]
  const [regular = '', baseline = '', ...patched] = answer
    ? (await engine.decodeAll(readings.map(({ tokens = [] }) => tokens))).map((text) =>
        wholeCharacters(cut(text, answer.stop)),
      )
    : await engine.decode(readings.map(({ token }) => token))
  const projected = await engine.project({
    vectors: given?.givenTheta ?? result.thetas ?? new Float32Array(),
    top: shownTokens,
    tokens: [],
  })
  const texts = await engine.decode(projected.flatMap(({ top }) => top.map(({ token }) => token)))
  const [regularTop = [], baselineTop = [], ...tops] = await likely(engine, readings)
  const hypothesis = layers.map((layer, i) => ({
    layer,
    prediction: patched[i] ?? '',
    top: tops[i] ?? [],
    likeliest: texts.slice(i * shownTokens, (i + 1) * shownTokens),
  }))
  const task = question.drawn ? { task: question.drawn.task.id } : {}
  const answers = { regular, baseline, regularTop, baselineTop, hypothesis }
  return { ...task, query, demonstrations, dummyQueries, ...answers }
}

async function likely(
  engine: Pick<Engine, 'decode'>,
  readings: readonly AnswerMetrics[],
): Promise<Likely[][]> {
  const texts = await engine.decode(readings.flatMap(({ top = [] }) => top.map(({ token }) => token)))
  let next = 0
  return readings.map(({ top = [] }) =>
    top.map(({ token, logit, logProb }) => ({
      ...{ token, text: texts[next++] ?? '', logit },
      probability: Math.exp(logProb),
    })),
  )
}

/** All of the model's layers, or those for which a given θ with several vectors has one. */
function chooseLayers(
  layer: number | undefined,
  blocks: number,
  given: readonly (number | null)[] = [],
): number[] {
  const all = Array.from({ length: blocks }, (_, i) => i)
  if (layer === undefined) return given.length > 1 ? all.filter((i) => given.includes(i)) : all
  if (layer < blocks) return [layer]
  throw new TaskvecError('TASK', `layer ${layer} is out of range: the model has ${blocks} blocks`, {
    hint: `Choose L from 0 to ${blocks - 1}.`,
  })
}

async function draw(engine: Engine, { drawn, query: asked }: TaskVectorQuestion, prompt?: PromptTemplate) {
  if (!drawn) throw new TaskvecError('USAGE', 'a query needs a task, or demonstrations and dummy queries')
  const { task, seed, demonstrations } = drawn
  const protocol: Protocol = {
    ...{ seed, demonstrations, dummyQueries: 2, dummyMayBeDemonstration: false },
    ...{ testItems: draws, devItems: 0, baselineItems: 0 },
    ...(prompt ? { prompt } : {}),
  }
  const prepared = await prepareTask(engine, task, protocol)
  const query = prepared.reading === 'leading-space' ? ` ${asked.trim()}` : asked
  const fresh = prepared.items.test.find(
    (item) => !item.demonstrations.some(({ input }) => input === query) && !item.dummyQueries.includes(query),
  )
  if (fresh) return { demonstrations: fresh.demonstrations, dummyQueries: fresh.dummyQueries, query }
  throw new TaskvecError(
    'TASK',
    `${task.id}: every one of ${draws} draws of demonstrations contains the query "${query}"`,
    { hint: 'Take fewer --demonstrations or another --seed.' },
  )
}
