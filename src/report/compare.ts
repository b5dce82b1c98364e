import type { RunKind } from '../domain/types.js'
import { differenceInterval, fisherExact, holm } from '../statistics/two-proportions.js'
import type { MainRow } from '../store/results.js'
import type { PaperResults } from './paper-results.js'

/** One accuracy as a count. */
export interface Cell {
  readonly model: string
  readonly task: string
  readonly kind: RunKind
  readonly correct: number
  readonly items: number
}

export type Verdict = 'consistent' | 'higher' | 'lower' | 'too few items to tell'

export interface Comparison {
  readonly model: string
  readonly task: string
  readonly kind: RunKind
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
}

/** A difference that would matter: the paper's own threshold of a gain (`leastGain`). */
const margin = 0.2

/**
 * Every cell of ours beside theirs of the same model, task and kind. `higher` and `lower`: the adjusted p is below 0.05.
 * `consistent`: it is not, and the interval rules out differences of `margin`. Else there are too few items to tell.
 */
export function compareCells(ours: readonly Cell[], theirs: readonly Cell[]): Comparison[] {
  const key = ({ model, task, kind }: Cell) => `${model}\n${task}\n${kind}`
  const others = new Map(theirs.map((cell) => [key(cell), cell]))
  const pairs = ours.flatMap((cell) => {
    const other = others.get(key(cell))
    return other ? [{ cell, other }] : []
  })
  const proportion = ({ correct, items }: Cell) => ({ successes: correct, trials: items })
  const adjusted = holm(pairs.map(({ cell, other }) => fisherExact(proportion(cell), proportion(other))))
  return pairs.map(({ cell, other }, i) => {
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
    const { model, task, kind } = cell
    return {
      model,
      task,
      kind,
      ours,
      ourItems: cell.items,
      theirs,
      theirItems: other.items,
      difference: ours - theirs,
      low,
      high,
      p,
      verdict,
    }
  })
}

export function cellsOf(rows: readonly MainRow[]): Cell[] {
  return rows.flatMap(({ model, task, baselineItems, testItems, ...row }) =>
    (['baseline', 'hypothesis', 'regular'] as const).map((kind) => {
      const items = kind === 'baseline' ? baselineItems : testItems
      return { model, task, kind, correct: Math.round(row[kind] * items), items }
    }),
  )
}

export function publishedCells({ main, items }: PaperResults): Cell[] {
  return Object.entries(main).flatMap(([model, tasks]) =>
    Object.entries(tasks).flatMap(([task, row]) =>
      (['baseline', 'hypothesis', 'regular'] as const).map((kind) => {
        const count = kind === 'baseline' ? items.baseline : items.test
        return { model, task, kind, correct: Math.round(row[kind] * count), items: count }
      }),
    ),
  )
}
