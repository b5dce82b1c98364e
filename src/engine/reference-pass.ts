import { type LayerSpec } from '../architectures/decoder.js'
import { notFinite } from './row-logits.js'
import { firstSeen } from '../architectures/decoder-sizes.js'
import { attentionLayout } from './attention-layout.js'
import type { BlockSessions } from './block-sessions.js'
import type { EvaluateItem, EvaluateRequest, AnswerMetrics, Patch } from './engine.js'
import { readRows } from './answer-metrics.js'

/**
 * The plain route: one ordinary full forward pass per prompt, and one per layer L for the patched prompt. Slow, simple,
 * and written without the wavefront's tree: the oracle that the wavefront must agree with.
 */
export interface ForwardOptions {
  /** Replaces a token's `resid_post` of block `layer`, or is added to it: the one at `position`, by default the last. */
  readonly patch?: {
    readonly layer: number
    readonly vector: Float32Array
    readonly add?: boolean
    readonly position?: number
  }
  /** Any number of vectors, at any tokens. */
  readonly patches?: readonly Patch[]
  readonly beforeBlock?: (layer: number) => Promise<void>
}

export interface Forward {
  /** The last token's `resid_post` of each block, `[blocks][d_model]`, patched where a patch is. */
  readonly lastStates: Float32Array[]
}

/** One prompt alone through all blocks. */
export async function forward(
  sessions: BlockSessions,
  tokens: readonly number[],
  { patch, patches = [], beforeBlock }: ForwardOptions = {},
): Promise<Forward> {
  const { blocks, dModel } = sessions.decoder
  const positions = tokens.map((_, i) => i)
  const parents = positions.map((position) => position - 1)
  let residPre = sessions.embed(tokens, positions) // [pos, d_model]
  const lastStates: Float32Array[] = []
  for (let layer = 0; layer < blocks; layer++) {
    await beforeBlock?.(layer)
    const residPost = new Float32Array(residPre.length)
    const { attention } = sessions.decoder.layers[layer] as LayerSpec
    const layout = attentionLayout([positions], positions, { parents, positions }, (position) =>
      firstSeen(attention, position),
    )
    await sessions.runBlock(layer, { residPre, positions, rows: positions, layout }, residPost)
    const lastRow = residPost.subarray((tokens.length - 1) * dModel)
    if (patch?.layer === layer) {
      const { position = tokens.length - 1, vector, add } = patch
      const row = residPost.subarray(position * dModel, (position + 1) * dModel)
      row.set(add ? row.map((value, i) => value + (vector[i] as number)) : vector)
    }
    for (const each of patches) if (each.layer === layer) meet(residPost, each)
    lastStates.push(lastRow.slice())
    residPre = residPost
  }
  return { lastStates }
}

function meet(residPost: Float32Array, { vector, mode, position }: Patch): void {
  const width = vector.length
  const first = position === 'all' ? 0 : position
  const last = position === 'all' ? residPost.length / width - 1 : position
  for (let row = first; row <= last; row++)
    for (let i = 0; i < width; i++) {
      const at = row * width + i
      residPost[at] = (vector[i] as number) + (mode === 'add' ? (residPost[at] as number) : 0)
    }
}

/** The last token's logits, `[vocab]`. Errors: MODEL where one is not a number. */
export async function forwardLogits(
  sessions: BlockSessions,
  tokens: readonly number[],
  options: ForwardOptions = {},
): Promise<Float32Array> {
  const { lastStates } = await forward(sessions, tokens, options)
  const logits = new Float32Array(sessions.decoder.vocab)
  for (const slice of await sessions.head.run(lastStates.at(-1) as Float32Array)) {
    logits.set(slice.logits, slice.first)
  }
  // False for NaN too.
  if (!logits.every((logit) => logit < Infinity)) throw notFinite()
  return logits
}

export async function evaluateItemPlainly(
  sessions: BlockSessions,
  item: EvaluateItem,
  { layers, givenTheta, patch, top }: Pick<EvaluateRequest, 'layers' | 'givenTheta' | 'patch' | 'top'>,
  beforeBlock: (layer: number) => Promise<void>,
  ended?: (tokens: readonly number[]) => boolean,
): Promise<{ patched: AnswerMetrics[]; plain: AnswerMetrics[]; thetas: Float32Array[] }> {
  async function next(
    tokens: readonly number[],
    patch: ForwardOptions['patch'],
    answerToken: number,
  ): Promise<AnswerMetrics> {
    const { lastStates } = await forward(sessions, tokens, patch ? { patch, beforeBlock } : { beforeBlock })
    const last = lastStates.at(-1) as Float32Array
    const [reading] = await readRows(
      sessions,
      last,
      [{ row: 0, answerToken }],
      top === undefined ? {} : { top },
    )
    return reading as AnswerMetrics
  }

  async function read(prompt: readonly number[], at?: ForwardOptions['patch']): Promise<AnswerMetrics> {
    const patch = at && { ...at, position: prompt.length - 1 }
    const first = await next(prompt, patch, item.answerToken)
    if (!ended) return first
    const tokens = [first.token]
    while (!ended(tokens)) tokens.push((await next([...prompt, ...tokens], patch, 0)).token)
    const { answerTokens = [] } = item
    const whole = { logProb: first.answerLogProb, rank: first.answerRank }
    for (let i = 1; i < answerTokens.length; i++) {
      const reading = await next([...prompt, ...answerTokens.slice(0, i)], patch, answerTokens[i] as number)
      whole.logProb += reading.answerLogProb
      whole.rank = Math.max(whole.rank, reading.answerRank)
    }
    return { ...first, tokens, ...(answerTokens.length > 0 ? { wholeAnswer: whole } : {}) }
  }

  const plain: AnswerMetrics[] = []
  for (const prompt of item.plainPrompts) plain.push(await read(prompt))

  const passes: Forward[] = []
  for (const prompt of item.thetaPrompts) passes.push(await forward(sessions, prompt, { beforeBlock }))
  const { dModel } = sessions.decoder
  const patched: AnswerMetrics[] = []
  const thetas: Float32Array[] = []
  for (const [l, layer] of layers.entries()) {
    const given = (item.givenTheta ?? givenTheta)?.subarray(l * dModel, (l + 1) * dModel)
    if (!given && passes.length === 0) break
    const vector = given ?? mean(passes.map(({ lastStates }) => lastStates[layer] as Float32Array))
    if (!given) thetas.push(vector)
    if (item.patchedPrompt) {
      patched.push(await read(item.patchedPrompt, { layer, vector, add: patch === 'add' }))
    }
  }
  return { patched, plain, thetas }
}

function mean(vectors: readonly Float32Array[]): Float32Array {
  const out = new Float32Array((vectors[0] as Float32Array).length)
  for (const vector of vectors)
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (vector[i] as number) / vectors.length
  return out
}
