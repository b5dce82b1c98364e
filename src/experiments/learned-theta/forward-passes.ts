import type { Item } from '../../domain/types.js'
import { replaced } from '../../engine/components.js'
import type { AnswerMetrics, Engine, EvaluateOptions } from '../../engine/engine.js'
import { evolve } from '../../statistics/evolution.js'
import { randomFor } from '../../statistics/random.js'
import type { TaskStep } from '../experiment.js'
import { orthonormal } from '../function-vectors/geometry.js'
import { inParts } from '../progress.js'
import { engineItem, promptsOf, readingsAt, type RunningEngine } from '../prompts.js'
import { scoreOf, type Score, type Scores } from '../scores.js'
import { meanRow, thetasOf } from '../thetas.js'

/** `own`: each query's own θ; `mean`: of the dev items; `scaled` and `learned`: made from that mean on the dev items. */
export const learnedKinds = ['own', 'mean', 'scaled', 'learned'] as const
export type LearnedKind = (typeof learnedKinds)[number]
type OneForAll = Exclude<LearnedKind, 'own'>

export interface LearnedThetaStep extends TaskStep {
  /** The items to learn from. */
  readonly dev: readonly Item[]
  readonly layer: number
  readonly directions: number
  readonly generations: number
  readonly seed: number
}

const factors = [0.5, 0.75, 1, 1.25, 1.5, 2]
/** Length of a step along the mean itself, relative to the mean's norm. */
const alongMean = 0.25

/**
 * One θ for all queries of a task, learned without gradients, after block L:
 *
 * 1. θ of each dev item; their mean.
 * 2. `scaled`: the mean times the factor that maximises the mean log-probability of the first tokens of the dev items' answers.
 * 3. `learned`: the mean moved along itself and along some directions in which the dev items' θ differ, by an evolution strategy with
 *    the same objective (as in black-box tuning of prompts: Sun et al. 2022, arXiv 2201.03514). If the result is worse than the mean, the mean is kept.
 * 4. Each of them patched in at the last token of [x, ->] of the test items, and of the dev items (`<kind>-dev`).
 */
export async function learnedTheta(
  engine: RunningEngine & Pick<Engine, 'components'>,
  { items, dev, scoring, layer, directions, generations, seed, task }: LearnedThetaStep,
  options: EvaluateOptions,
): Promise<Scores> {
  const part = inParts(options, generations + 6)
  const own = await thetasOf(engine, items, [layer], part())
  const ofDev = await thetasOf(engine, dev, [layer], part())
  const dModel = ofDev.length / dev.length
  const rows = Array.from(dev, (_, item) => ofDev.subarray(item * dModel, (item + 1) * dModel))
  const mean = meanRow(ofDev, [...rows.keys()], dModel)

  const read = async (
    split: readonly Item[],
    vectors: readonly Float32Array[],
  ): Promise<AnswerMetrics[][]> => {
    const prompts = await promptsOf(engine, split)
    const place = { component: 'resid_post', layer } as const
    const { branches } = await engine.components(
      {
        items: prompts.map(({ bare, answerToken }) => ({
          prompt: bare,
          answerToken,
          branches: vectors.map((vector) => [replaced(place, vector)]),
        })),
      },
      part(),
    )
    return vectors.map((_, v) => readingsAt(branches, v))
  }
  const likely = async (vectors: readonly Float32Array[]) => (await read(dev, vectors)).map(meanLogProb)

  const multiples = factors.map((factor) => mean.map((value) => factor * value))
  const scaled = best(multiples, await likely(multiples))
  const axes = [mean.map((value) => alongMean * value), ...spread(rows, mean, directions)]
  const moved = (by: Float64Array) =>
    mean.map((value, i) =>
      axes.reduce((sum, axis, a) => sum + (by[a] as number) * (axis[i] as number), value),
    )
  const centre = await evolve({
    size: axes.length,
    generations,
    random: randomFor({ purpose: 'learned θ', seed, task }),
    score: (candidates) => likely(candidates.map(moved)),
  })
  const found = [mean, moved(centre)]
  const learned = best(found, await likely(found))

  const scores: Score[] = []
  const add = async (of: readonly Item[], setting: string, readings: readonly AnswerMetrics[]) =>
    scores.push(await scoreOf(engine, of, scoring, readings, { setting, layer, sourceLayer: layer }))
  const { patched } = await engine.evaluate(
    {
      layers: [layer],
      items: (await promptsOf(engine, items)).map(({ bare, answerToken }, item) =>
        engineItem(bare, { answerToken, givenTheta: own.subarray(item * dModel, (item + 1) * dModel) }),
      ),
    },
    part(),
  )
  await add(items, 'own', readingsAt(patched, 0))
  const vectors: Record<OneForAll, Float32Array> = { mean, scaled, learned }
  const kinds = Object.keys(vectors) as OneForAll[]
  const onTest = await read(items, Object.values(vectors))
  const onDev = await read(dev, Object.values(vectors))
  for (const [k, kind] of kinds.entries()) {
    await add(items, kind, onTest[k] as AnswerMetrics[])
    await add(dev, `${kind}-dev`, onDev[k] as AnswerMetrics[])
  }
  return { scores }
}

/** Directions in which the first rows differ from the mean, as long as all rows' standard deviation along them. */
function spread(rows: readonly Float32Array[], mean: Float32Array, directions: number): Float32Array[] {
  const differences = rows.map((row) => row.map((value, i) => value - (mean[i] as number)))
  return orthonormal(differences.slice(0, directions)).map((direction) => {
    const squares = differences.map(
      (row) => row.reduce((sum, value, i) => sum + value * (direction[i] as number), 0) ** 2,
    )
    const deviation = Math.sqrt(squares.reduce((a, b) => a + b, 0) / rows.length)
    return Float32Array.from(direction, (value) => deviation * value)
  })
}

function best(vectors: readonly Float32Array[], scores: readonly number[]): Float32Array {
  return vectors[scores.indexOf(Math.max(...scores))] as Float32Array
}

function meanLogProb(readings: readonly AnswerMetrics[]): number {
  return readings.reduce((sum, { answerLogProb }) => sum + answerLogProb, 0) / readings.length
}
