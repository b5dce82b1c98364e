import type { TaskProgress } from '../store/store-inputs.js'

/** How much there is to do in a sweep, and how much of it is done. */
export interface ProgressTotals {
  readonly cells: { readonly done: number; readonly all: number }
  /** Pieces of the further experiments. */
  readonly units: { readonly done: number; readonly all: number }
  /** Of cells and units together, 0 to 1. */
  readonly share: number
}

/** A task that has not been prepared yet is taken to have as many cells as the others of its model. */
export function progressTotals(
  tasks: readonly TaskProgress[],
  units: ProgressTotals['units'],
): ProgressTotals {
  const known = new Map<string, number>()
  for (const { model, cellsAll } of tasks) known.set(model, Math.max(cellsAll, known.get(model) ?? 0))
  const most = Math.max(0, ...known.values())
  const cells = {
    done: tasks.reduce((sum, { cellsDone }) => sum + cellsDone, 0),
    all: tasks.reduce((sum, { model, cellsAll }) => sum + (cellsAll || known.get(model) || most), 0),
  }
  return { cells, units, share: cells.all === 0 ? 0 : (cells.done + units.done) / (cells.all + units.all) }
}

/** The rate of progress since the first look. */
export class Pace {
  #first: { readonly at: number; readonly done: number } | null = null

  /** How much is done now; per second since the first call. 0 at first. */
  perSecond(done: number): number {
    this.#first ??= { at: Date.now(), done }
    const seconds = (Date.now() - this.#first.at) / 1000
    return seconds > 0 ? (done - this.#first.done) / seconds : 0
  }

  /** Until `share` is 1; null where nothing has been done yet. */
  secondsLeft(share: number): number | null {
    const pace = this.perSecond(share)
    return pace > 0 ? (1 - share) / pace : null
  }
}
