import type { TaskProgress } from '../store/store-inputs.js'

/** The work of a sweep, and how much of it is done. */
export interface ProgressTotals {
  readonly cells: { readonly done: number; readonly all: number }
  /** Units of the further experiments. */
  readonly units: { readonly done: number; readonly all: number }
  /** Share of cells and units done, 0 to 1. */
  readonly share: number
}

/**
 * A task not yet prepared counts as many cells as the other tasks of its model, or as planned. If neither is known, its cells are not
 * counted, but estimated for the share.
 */
export function progressTotals(
  tasks: readonly TaskProgress[],
  units: ProgressTotals['units'],
  planned: ReadonlyMap<string, number>,
): ProgressTotals {
  const known = new Map(planned)
  for (const { model, cellsAll } of tasks) if (cellsAll > 0) known.set(model, cellsAll)
  const usual = known.size === 0 ? 0 : [...known.values()].reduce((sum, n) => sum + n, 0) / known.size
  const countedAs = (unknown: number) =>
    tasks.reduce((sum, { model, cellsAll }) => sum + (cellsAll || (known.get(model) ?? unknown)), 0)
  const done = tasks.reduce((sum, { cellsDone }) => sum + cellsDone, 0)
  const guessed = countedAs(usual)
  return {
    cells: { done, all: countedAs(0) },
    units,
    share: guessed === 0 ? 0 : (done + units.done) / (guessed + units.all),
  }
}

/** The rate of progress since the first call. */
export class Pace {
  #first: { readonly at: number; readonly done: number } | null = null

  /** Takes the amount done so far; returns the amount per second since the first call, 0 at first. */
  perSecond(done: number): number {
    this.#first ??= { at: Date.now(), done }
    const seconds = (Date.now() - this.#first.at) / 1000
    return seconds > 0 ? (done - this.#first.done) / seconds : 0
  }

  /** Estimated seconds until `share` is 1; null before any progress. */
  secondsLeft(share: number): number | null {
    const pace = this.perSecond(share)
    return pace > 0 ? (1 - share) / pace : null
  }
}
