import { pairedBootstrap } from '../statistics/bootstrap.js'
import { differenceInterval, fisherExact, holm, type Proportion } from '../statistics/two-proportions.js'
import { wilsonInterval } from '../statistics/wilson.js'
import { groupBy } from '../figures/paper-rules.js'

/** One accuracy as a count. */
export interface ComparedAccuracy {
  readonly model: string
  readonly task: string
  /** Which accuracy of the task: `baseline`, `hypothesis`, `regular`, or one of comparison-cells.ts. */
  readonly kind: string
  readonly correct: number
  readonly items: number
  /** Under graded scoring: the mean score of these items. */
  readonly meanScore?: number | undefined
}

export type Verdict = 'consistent' | 'higher' | 'lower' | 'too few items to tell'

export type Comparison = {
  readonly model: string
  readonly theirModel: string
  readonly task: string
  readonly kind: string
  readonly ours: number
  readonly ourItems: number
  readonly theirs: number
  readonly theirItems: number
  readonly difference: number
  /** Newcombe's interval, 95 %, of the difference: both sides' items count. */
  readonly low: number
  readonly high: number
  /** Fisher's exact test, adjusted by Holm over all comparisons. */
  readonly p: number
  readonly verdict: Verdict
  /** Wilson's intervals, 95 %, of each side. */
  readonly oursLow: number
  readonly oursHigh: number
  readonly theirsLow: number
  readonly theirsHigh: number
  /** Mean scores of both sides; null for a task without graded scoring. */
  readonly ourMeanScore?: number | null
  readonly theirMeanScore?: number | null
}

/** Which of their models each of ours is compared with. */
export type Pairing = (model: string) => readonly string[]

export const sameModel: Pairing = (model) => [model]

/** A difference that would matter: the paper's own threshold of a gain (`leastGain`). */
const margin = 0.2

/**
 * Every cell of ours with theirs of the same task and kind, for the models that `pairing` names. `higher` and `lower`:
 * the adjusted p is below 0.05. `consistent`: it is not, and the interval rules out differences of `margin`. Otherwise there are
 * too few items to tell.
 */
export function compareCells(
  ours: readonly ComparedAccuracy[],
  theirs: readonly ComparedAccuracy[],
  pairing: Pairing = sameModel,
): Comparison[] {
  const keyOf = (model: string, { task, kind }: ComparedAccuracy) => `${model}\n${task}\n${kind}`
  const others = new Map(theirs.map((cell) => [keyOf(cell.model, cell), cell]))
  return compareEach(
    ours.flatMap((cell) =>
      pairing(cell.model).flatMap((model) => {
        const other = others.get(keyOf(model, cell))
        return other ? [[cell, other] as const] : []
      }),
    ),
  )
}

/** The same for pairs of cells that are matched already; all of them are one family of tests. */
export function compareEach(pairs: readonly (readonly [ComparedAccuracy, ComparedAccuracy])[]): Comparison[] {
  const adjusted = holm(pairs.map(([cell, other]) => fisherExact(proportion(cell), proportion(other))))
  const graded = pairs.some((pair) => pair.some(({ meanScore }) => meanScore !== undefined))
  return pairs.map(([cell, other], i) => {
    const [p, ours, theirs] = [adjusted[i] as number, cell.correct / cell.items, other.correct / other.items]
    const { low, high } = differenceInterval(proportion(cell), proportion(other))
    const verdict: Verdict =
      p < 0.05
        ? ours > theirs
          ? 'higher'
          : 'lower'
        : low > -margin && high < margin
          ? 'consistent'
          : 'too few items to tell'
    const [our, their] = [cell, other].map(({ correct, items }) => wilsonInterval(correct, items))
    return {
      model: cell.model,
      theirModel: other.model,
      task: cell.task,
      kind: cell.kind,
      ours,
      ourItems: cell.items,
      theirs,
      theirItems: other.items,
      difference: ours - theirs,
      low,
      high,
      p,
      verdict,
      oursLow: our?.low ?? 0,
      oursHigh: our?.high ?? 1,
      theirsLow: their?.low ?? 0,
      theirsHigh: their?.high ?? 1,
      ...(graded ? { ourMeanScore: cell.meanScore ?? null, theirMeanScore: other.meanScore ?? null } : {}),
    }
  })
}

function proportion({ correct, items }: ComparedAccuracy): Proportion {
  return { successes: correct, trials: items }
}

/** Two models over all tasks that both have. */
export type Summary = {
  readonly model: string
  readonly theirModel: string
  readonly kind: string
  readonly tasks: number
  /** Mean difference over the tasks, and its bootstrap interval, 95 %, of 2,000 resamples of the tasks. */
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly higher: number
  readonly lower: number
  readonly consistent: number
  readonly tooFew: number
}

/** A row per pair of models and kind. */
export function summarise(comparisons: readonly Comparison[]): Summary[] {
  const key = ({ model, theirModel, kind }: Comparison) => `${model}\n${theirModel}\n${kind}`
  return groupBy(comparisons, key).map(([, rows]) => {
    const { model, theirModel, kind } = rows[0] as Comparison
    const differences = rows.map(({ difference }) => difference)
    const tasks = rows.map(({ task }) => task)
    const count = (wanted: Verdict) => rows.filter(({ verdict }) => verdict === wanted).length
    return {
      model,
      theirModel,
      kind,
      tasks: rows.length,
      ...pairedBootstrap(differences, tasks, { seed: 41, resamples: 2000 }),
      higher: count('higher'),
      lower: count('lower'),
      consistent: count('consistent'),
      tooFew: count('too few items to tell'),
    }
  })
}
