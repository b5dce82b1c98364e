import { sweepId, type SweepConfig } from '../config/sweep-config.js'
import { unitKinds, unitsOf } from '../experiments/catalog.js'
import { resolveLayers } from '../domain/layers.js'
import { modeLabel } from '../domain/numerics.js'
import { promptName } from '../prompt/templates.js'
import { refuseLargeUnits } from '../store/unit-limits.js'
import { blocksOf } from './planned-layers.js'
import { requirementsOf } from './requirements.js'

/** What a config would run, as far as known without computing: `taskvec run --dry-run`. */
export interface DryRun {
  readonly settings: readonly PlannedSweep[]
  readonly models: number
  readonly tasks: number
  /** Cells of all settings, whether or not they are stored already. */
  readonly cells: number
  /** Models whose number of blocks is unknown until they are opened; their cells are not counted. */
  readonly uncounted: readonly string[]
  /** Catalogue models that are not on this machine. */
  readonly fetch: readonly { readonly model: string; readonly bytes: number }[]
  readonly downloadBytes: number
  readonly memoryBytes: number
  /** Estimate for catalogue models, on one core at 100 GFLOP/s. */
  readonly coreHours: number
}

interface PlannedSweep {
  readonly sweep: string
  readonly demonstrations: number
  readonly prompt: string
  readonly dummyQueries: number
  readonly seed: number
  readonly numerics: string
  readonly cells: number
  readonly coreHours: number
}

/** Errors: TASK if a layer is out of a model's range, or an experiment's payload is too large for Temporal. */
export function dryRun(sweeps: readonly SweepConfig[]): DryRun {
  const [first] = sweeps
  const blocks = new Map((first?.models ?? []).map((model) => [model.id, blocksOf(model)]))
  const settings = sweeps.map((sweep): PlannedSweep => {
    const { demonstrations, dummyQueries, prompt, seed } = sweep.protocol
    const tasks = sweep.tasks.map(({ id }) => id)
    refuseLargeUnits(unitKinds, { ...sweep, units: unitsOf(sweep.experiments, tasks) })
    const layers = [...blocks].map(([model, n]) =>
      n === null ? 0 : resolveLayers(sweep.layers, n, model).length,
    )
    return {
      sweep: sweepId(sweep),
      ...{ demonstrations, prompt: promptName(prompt), dummyQueries, seed },
      numerics: modeLabel(sweep.mode ?? {}) ?? 'f32',
      cells: layers.reduce((sum, n) => sum + n * sweep.tasks.length, 0),
      coreHours: requirementsOf(sweep).coreHours,
    }
  })
  const needs = first && requirementsOf(first)
  return {
    settings,
    models: first?.models.length ?? 0,
    tasks: first?.tasks.length ?? 0,
    cells: settings.reduce((sum, { cells }) => sum + cells, 0),
    uncounted: [...blocks].flatMap(([model, n]) => (n === null ? [model] : [])),
    fetch: needs?.missing.map(({ id, bytes }) => ({ model: id, bytes })) ?? [],
    downloadBytes: needs?.downloadBytes ?? 0,
    memoryBytes: needs?.memoryBytes ?? 0,
    coreHours: settings.reduce((sum, { coreHours }) => sum + coreHours, 0),
  }
}
