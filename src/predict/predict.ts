import type { Engine } from '../engine/engine.js'
import {
  answerByTaskVector,
  type TaskVectorAnswer,
  type TaskVectorQuestion,
} from '../experiments/answer-by-task-vector.js'
import { withChatPrompts } from '../experiments/chat-prompts.js'
import type { TaskSpec } from '../domain/types.js'
import { formatPrompt, specialOf } from '../prompt/format.js'
import { formatOf } from '../prompt/templates.js'
import type { VectorFile } from '../vectors/vector.js'
import { continuation, type Continuation } from './next-tokens.js'
import { waysToPatch, type PatchedVector } from './patches.js'
import type { PredictRequest } from './request.js'

export interface PatchedContinuation extends Continuation {
  readonly vectors: readonly PatchedVector[]
}

export type PredictAnswer =
  | TaskVectorAnswer
  | { readonly logits: readonly number[] }
  | (Continuation & {
      /** The prompt's token ids. */
      readonly tokens: readonly number[]
      /** With the vectors patched in; one entry per layer if a single θ has several. */
      readonly patched?: readonly PatchedContinuation[]
    })

/** Answers one request. `find` resolves names of vectors, `taskOf` ids of tasks. Errors: TASK, USAGE, WEIGHTS. */
export async function answer(
  engine: Engine,
  request: PredictRequest,
  find: (name: string) => VectorFile & { readonly label: string },
  taskOf: (id: string) => TaskSpec = (id) => ({ kind: 'builtin', id }),
): Promise<PredictAnswer> {
  const { query, tokenIds, vectors } = request
  const question = thetaQuestion(request, taskOf)
  if (question) return answerByTaskVector(engine, question)
  const { prompt } = await withChatPrompts(engine, { prompt: request.template })
  const format = formatOf(prompt)
  const shown = Array.isArray(request.demonstrations) ? request.demonstrations : []
  const text = request.prompt ?? (query === undefined ? '' : formatPrompt(shown, query, format))
  const tokens = tokenIds ?? (await engine.encode([text], specialOf(format)))[0] ?? []
  const ways = waysToPatch(vectors, tokens, engine.info, find)
  if (request.logits)
    return {
      logits: Array.from(
        await engine.logits(
          tokens,
          ways.flat().map(({ patch }) => patch),
        ),
      ),
    }
  const without = await continuation(engine, tokens, [], request)
  if (ways.length === 0) return { tokens, ...without }
  const patched: PatchedContinuation[] = []
  for (const way of ways) {
    const patches = way.map(({ patch }) => patch)
    patched.push({
      vectors: way.map(({ said }) => said),
      ...(await continuation(engine, tokens, patches, request)),
    })
  }
  return { tokens, ...without, patched }
}

/** The question to answer with a computed θ; undefined if the request needs none. */
function thetaQuestion(
  request: PredictRequest,
  taskOf: (id: string) => TaskSpec,
): TaskVectorQuestion | undefined {
  const { task, list, dummyQueries, demonstrations = 5, query = '', template, maxTokens, stop } = request
  const { layer, seed, top } = request
  const common = {
    ...{ query, layer, top, prompt: template },
    ...(maxTokens > 1 ? { answer: { maxTokens, stop } } : {}),
  }
  if (dummyQueries !== undefined && Array.isArray(demonstrations))
    return { ...common, given: { demonstrations, dummyQueries } }
  const spec: TaskSpec | undefined =
    task !== undefined
      ? taskOf(task)
      : list && {
          kind: 'list',
          id: 'list',
          ...asWritten,
          pairs: list.map((pair) => ({ ...pair, accept: [] })),
        }
  if (!spec || typeof demonstrations !== 'number') return undefined
  return { ...common, drawn: { task: spec, seed, demonstrations } }
}

/** A list in the request is used whole, without the single-token filter. */
const asWritten = { scoring: 'prefix', singleToken: false } as const
