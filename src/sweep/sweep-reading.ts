import type Database from 'better-sqlite3'
import { modelsOf } from '../store/sweeps.js'
import { sweepProgress, unitProgress } from '../store/sweep-state.js'
import type { TaskProgress } from '../store/store-inputs.js'
import { plannedLayers } from './planned-layers.js'
import { progressTotals, type ProgressTotals } from './progress-totals.js'

/**
 * Reads a sweep's progress repeatedly while it runs. Complete models are not read again: a sweep of a thousand models has a million
 * cells, and readers must not slow down the writer.
 */
export class SweepReading {
  readonly #models: readonly string[]
  readonly #planned: ReadonlyMap<string, number>
  readonly #complete = new Map<string, readonly TaskProgress[]>()

  constructor(
    private readonly db: Database.Database,
    private readonly sweepId: string,
  ) {
    this.#models = modelsOf(db, sweepId).map(({ model }) => model)
    this.#planned = plannedLayers(db, sweepId)
  }

  /** Every (model, task), in the config's order. */
  tasks(): TaskProgress[] {
    const read = new Map<string, TaskProgress[]>(this.open().map((model) => [model, []]))
    for (const task of sweepProgress(this.db, this.sweepId, this.open())) read.get(task.model)?.push(task)
    for (const [model, tasks] of read)
      if (tasks.every(({ complete }) => complete)) this.#complete.set(model, tasks)
    return this.#models.flatMap((model) => this.#complete.get(model) ?? read.get(model) ?? [])
  }

  /** Of tasks just read. */
  totals(tasks: readonly TaskProgress[]): ProgressTotals {
    return progressTotals(tasks, unitProgress(this.db, this.sweepId), this.#planned)
  }

  /** Models that were not complete at the last read, in the config's order. */
  open(): string[] {
    return this.#models.filter((model) => !this.#complete.has(model))
  }
}
