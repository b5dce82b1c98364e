import type { Engine } from '../engine/engine.js'
import { answerByTaskVector, type TaskVectorAnswer } from '../experiments/answer-by-task-vector.js'
import { formatPrompt } from '../prompt/format.js'
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
      /** With the vectors patched in; by layer where one vector of several is tried at each. */
      readonly patched?: readonly PatchedContinuation[]
    })

/** Answers one question. `find`: where names of vectors lead. Errors: TASK, USAGE, WEIGHTS. */
export async function answer(
  engine: Engine,
  request: PredictRequest,
  find: (name: string) => VectorFile & { readonly label: string },
): Promise<PredictAnswer> {
  const { task, query, layer, seed, demonstrations, tokenIds, vectors } = request
  if (task !== undefined)
    return answerByTaskVector(engine, { task, query: query ?? '', layer, seed, demonstrations })
  const text = request.prompt ?? (query === undefined ? undefined : formatPrompt([], query))
  const tokens = tokenIds ?? (await engine.encode([text ?? '']))[0] ?? []
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
