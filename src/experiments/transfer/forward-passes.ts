import type { NumericsJson } from '../../domain/numerics.js'
import type { Item, Scoring } from '../../domain/types.js'
import type { EvaluateOptions } from '../../engine/engine.js'
import { normal, randomFor, type RandomSource } from '../../statistics/random.js'
import { answerOf, generating, engineItem, promptsOf, type RunningEngine } from '../prompts.js'
import { scoresByLayer, type Score, type Scores } from '../scores.js'
import { thetasOf } from '../thetas.js'

/** Queries that a θ is applied to. */
export interface Target {
  readonly task: string
  readonly scoring: Scoring
  readonly items: readonly Item[]
  readonly layers: readonly number[]
}

export interface TransferStep {
  readonly model: string
  readonly modelHash: string
  readonly numerics: NumericsJson
  /** The source, for the progress display. */
  readonly task: string
  readonly source:
    | { readonly terms: readonly { readonly weight: number; readonly items: readonly Item[] }[] }
    /** A random vector with the norm of each target's θ, in its place. */
    | { readonly seed: number }
  readonly targets: readonly Target[]
}

/**
 * θ of one source applied to the queries of other tasks.
 *
 * 1. θ_L of a task is the mean over its items' θ_L; of a composition, the weighted sum. The control is a vector of normally distributed
 *    values with the norm of the mean θ_L of the queries' own task.
 * 2. It is patched into [x, ->] of each query after block L, and the prediction is scored by the answer of the query's task.
 */
export async function transfer(
  engine: RunningEngine,
  { source, targets }: TransferStep,
  options: EvaluateOptions,
): Promise<Scores> {
  const wanted = [...new Set(targets.flatMap(({ layers }) => layers))].sort((a, b) => a - b)
  const shared = 'terms' in source ? await composed(engine, source.terms, wanted, options) : null
  const scores: Score[] = []
  for (const [i, target] of targets.entries()) {
    const { layers, items } = target
    const own = shared
      ? rowsOf(shared, wanted, layers)
      : randomLike(await thetasOf(engine, items, layers, options, 'mean'), layers, (layer) =>
          randomFor(['transfer', 'seed' in source ? source.seed : 0, target.task, layer]),
        )
    scores.push(...(await applied(engine, target, own, options)))
    options.onProgress?.((i + 1) / targets.length)
  }
  return { scores }
}

async function applied(
  engine: RunningEngine,
  { task, items, scoring, layers }: Target,
  givenTheta: Float32Array,
  { signal }: EvaluateOptions,
): Promise<Score[]> {
  const prompts = await promptsOf(engine, items, scoring)
  const { patched } = await engine.evaluate(
    {
      layers,
      givenTheta,
      ...generating(scoring),
      items: prompts.map((prompt) => engineItem(prompt.bare, answerOf(prompt))),
    },
    signal ? { signal } : {},
  )
  const scores = await scoresByLayer(engine, items, scoring, patched, layers)
  return scores.map((score) => ({ ...score, task }))
}

/** `[layers, d_model]` */
async function composed(
  engine: RunningEngine,
  terms: readonly { readonly weight: number; readonly items: readonly Item[] }[],
  layers: readonly number[],
  { signal }: EvaluateOptions,
): Promise<Float32Array> {
  let sum: Float32Array | undefined
  for (const { weight, items } of terms) {
    const theta = await thetasOf(engine, items, layers, signal ? { signal } : {}, 'mean')
    sum = theta.map((value, i) => weight * value + (sum?.[i] ?? 0))
  }
  return sum ?? new Float32Array(0)
}

/** The rows of some of the layers. */
function rowsOf(vectors: Float32Array, all: readonly number[], layers: readonly number[]): Float32Array {
  const width = vectors.length / all.length
  const rows = new Float32Array(layers.length * width)
  for (const [i, layer] of layers.entries()) {
    const at = all.indexOf(layer) * width
    rows.set(vectors.subarray(at, at + width), i * width)
  }
  return rows
}

/** For each row, a vector of the same norm in a uniformly random direction. */
function randomLike(
  vectors: Float32Array,
  layers: readonly number[],
  source: (layer: number) => RandomSource,
): Float32Array {
  const width = vectors.length / layers.length
  const out = new Float32Array(vectors.length)
  for (const [i, layer] of layers.entries()) {
    const random = source(layer)
    const drawn = Array.from({ length: width }, () => normal(random))
    const wanted = norm(vectors.subarray(i * width, (i + 1) * width))
    const scale = wanted / norm(drawn)
    out.set(
      drawn.map((value) => value * scale),
      i * width,
    )
  }
  return out
}

function norm(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2
  return Math.sqrt(sum)
}
