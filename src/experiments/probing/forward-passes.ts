import { allLayers } from '../../domain/layers.js'
import type { NumericsJson } from '../../domain/numerics.js'
import type { Item } from '../../domain/types.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import { namedByNearestMean } from '../../statistics/nearest-mean.js'
import { randomFor } from '../../statistics/random.js'
import { dot } from '../function-vectors/geometry.js'
import { norm, type Head } from '../function-vectors/vectors.js'
import { within } from '../progress.js'
import { promptsOf, type RunningEngine } from '../prompts.js'
import type { Score, Scores } from '../scores.js'
import { lastStates, meanRow } from '../thetas.js'
import type { headSumAngles } from './tables.js'

/** The inputs of the classifier: θ_L; the sum that the heads of the function vector wrote in blocks 0 to L; that of as many other heads of the same layers. */
export const probed = ['theta', 'function-vector', 'random-heads'] as const
type Probed = (typeof probed)[number]

export interface ProbeStep {
  readonly model: string
  readonly modelHash: string
  readonly numerics: NumericsJson
  /** For the progress display. */
  readonly task: string
  readonly tasks: readonly { readonly task: string; readonly items: readonly Item[] }[]
  readonly heads: readonly Head[]
  readonly seed: number
}

export interface ProbeResult extends Scores {
  readonly angles: readonly Omit<typeof headSumAngles.$inferSelect, 'runId'>[]
}

const folds = 5
/** Contributions held in memory at once. */
const bytesAtOnce = 256e6
/** Assumed number of heads per layer, until the engine has reported it. */
const assumedHeads = 64

/**
 * Whether a linear classifier names the task: the nearest class mean, cross-validated over the prompts [S, x', ->] of all tasks. It reads θ_L,
 * and the sums of heads' contributions to the same last tokens; each is the mean over an item's dummy queries. A sum is read from
 * the first block that adds to it. Also how a task's mean sum relates to its mean θ.
 */
export async function probe(
  engine: RunningEngine & Pick<Engine, 'info' | 'components'>,
  { tasks, heads, seed }: ProbeStep,
  options: EvaluateOptions,
): Promise<ProbeResult> {
  const { blocks, dModel } = engine.info
  const layers = allLayers(blocks)
  const items = tasks.flatMap(({ task, items }) => items.map((item) => ({ task, item })))
  const labels = items.map(({ task }) => task)
  const prompts: (readonly number[][])[] = []
  for (const { items } of tasks) prompts.push(...(await promptsOf(engine, items)).map(({ theta }) => theta))
  const thetas = await lastStates(engine, prompts, layers, within(options, 0, 0.3))
  const sums = await headSums(engine, prompts, heads, seed, within(options, 0.3, 0.95))

  const rowsOf = new Map(
    tasks.map(({ task }) => [task, labels.flatMap((label, i) => (label === task ? [i] : []))] as const),
  )
  const scores: Score[] = []
  const angles: ProbeResult['angles'][number][] = []
  for (const layer of layers) {
    const theta = column(thetas, layer, blocks, dModel)
    const at: Record<Probed, Float32Array | null> = {
      theta,
      'function-vector': sums.chosen.after(layer),
      'random-heads': sums.others.after(layer),
    }
    for (const setting of probed) {
      const vectors = at[setting]
      if (!vectors) continue
      const named = namedByNearestMean(vectors, labels, dModel, folds)
      for (const [task, own] of rowsOf) {
        scores.push({
          ...{ task, setting, layer, sourceLayer: layer, items: own.length },
          correct: own.filter((i) => named[i] === task).length,
          ...{ answerLogProb: null, answerRank: null, answerLogitDifference: null },
        })
        if (setting === 'theta') continue
        const [ofTheta, ofSum] = [meanRow(theta, own, dModel), meanRow(vectors, own, dModel)]
        const [normTheta, normSum] = [norm(ofTheta), norm(ofSum)]
        const cosine = normTheta * normSum === 0 ? 0 : dot(ofTheta, ofSum) / (normTheta * normSum)
        angles.push({ taskId: task, vector: setting, layer, cosine, normSum, normTheta })
      }
    }
  }
  return { scores, angles }
}

/** Contributions of some heads, each prompt's summed up block by block. */
class Sums {
  readonly #values: Float32Array
  #layer = -1

  /** @param blocks by layer, what the heads of that layer gave together: `[items, d_model]` */
  constructor(
    size: number,
    private readonly blocks: ReadonlyMap<number, Float32Array>,
  ) {
    this.#values = new Float32Array(size)
  }

  /** Of blocks 0 to `layer`, `[items, d_model]`; null: none of them has such a head. Layers ascending. */
  after(layer: number): Float32Array | null {
    for (; this.#layer < layer; this.#layer++) {
      const added = this.blocks.get(this.#layer + 1)
      added?.forEach((value, i) => (this.#values[i] = (this.#values[i] as number) + value))
    }
    return [...this.blocks.keys()].some((block) => block <= layer) ? this.#values : null
  }
}

async function headSums(
  engine: Pick<Engine, 'info' | 'components'>,
  prompts: readonly (readonly (readonly number[])[])[],
  heads: readonly Head[],
  seed: number,
  options: EvaluateOptions,
): Promise<{ chosen: Sums; others: Sums }> {
  const { blocks, dModel } = engine.info
  const size = prompts.length * dModel
  const sums: Record<'chosen' | 'others', Map<number, Float32Array>> = {
    chosen: new Map(),
    others: new Map(),
  }
  let places: Record<'chosen' | 'others', readonly Head[]> | undefined
  let each = assumedHeads
  for (let first = 0; first < prompts.length;) {
    const atOnce = Math.max(1, Math.floor(bytesAtOnce / (4 * blocks * each * dModel)))
    const some = prompts.slice(first, first + atOnce)
    const flat = some.flatMap((of, i) =>
      of.map((prompt) => ({ prompt, item: first + i, share: 1 / of.length })),
    )
    const upTo = first + some.length
    const found = await engine.components(
      {
        items: flat.map(({ prompt }) => ({ prompt, branches: [], answerToken: 0 })),
        capture: { components: ['contributions'], as: 'each' },
      },
      within(options, first / prompts.length, upTo / prompts.length),
    )
    each = Math.max(...found.heads)
    places ??= { chosen: heads, others: otherHeads(heads, found.heads, seed) }
    for (const which of ['chosen', 'others'] as const)
      for (const { layer, head } of places[which]) {
        const given = found.captured.contributions?.[layer] as Float32Array
        const sum = sums[which].get(layer) ?? new Float32Array(size)
        sums[which].set(layer, sum)
        for (const [row, { item, share }] of flat.entries()) {
          const at = (row * (found.heads[layer] as number) + head) * dModel
          for (let d = 0; d < dModel; d++)
            sum[item * dModel + d] = (sum[item * dModel + d] as number) + share * (given[at + d] as number)
        }
      }
    first = upTo
  }
  return { chosen: new Sums(size, sums.chosen), others: new Sums(size, sums.others) }
}

/** For each head, another one of its layer at random; fewer if a layer has no more. */
export function otherHeads(heads: readonly Head[], perLayer: readonly number[], seed: number): Head[] {
  const taken = heads.map(({ layer, head }) => `${layer} ${head}`)
  return heads.flatMap(({ layer }) => {
    const left = allLayers(perLayer[layer] ?? 0).filter((head) => !taken.includes(`${layer} ${head}`))
    if (left.length === 0) return []
    const random = randomFor({ purpose: 'other heads', seed, layer, taken: taken.length })
    const head = left[random.below(left.length)] as number
    taken.push(`${layer} ${head}`)
    return [{ layer, head }]
  })
}

/** `[items, d_model]` of one layer, from `[items, layers, d_model]`. */
function column(vectors: Float32Array, layer: number, layers: number, dModel: number): Float32Array {
  const items = vectors.length / (layers * dModel)
  const own = new Float32Array(items * dModel)
  for (let item = 0; item < items; item++) {
    const at = (item * layers + layer) * dModel
    own.set(vectors.subarray(at, at + dModel), item * dModel)
  }
  return own
}
