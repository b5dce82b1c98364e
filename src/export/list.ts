import type Database from 'better-sqlite3'
import {
  experimentsWithThetas,
  meanAtBest,
  tasksWithThetas,
  withK,
  type TaskWithThetas,
} from '../store/stored-vectors.js'
import { thetaReader } from '../store/thetas.js'
import type { ResultFilter } from '../experiments/sweep-rows.js'
import { settingName } from './setting-name.js'

/** Stored θ of one task of a sweep. */
export interface StoredVectors {
  readonly sweep: string
  readonly model: string
  readonly task: string
  readonly setting: string
  /** The value for `vectors export --experiment`. */
  readonly experiment: string
  readonly perItem: boolean
  readonly items: number
  readonly layers: readonly number[]
  readonly dModel: number
}

/** Units that hold θ of the main experiment (src/experiments/stored-thetas), and whether they hold them per item. */
const ofMain: Readonly<Record<string, boolean>> = { mean_thetas: false, item_thetas: true }

export function storedVectors(
  db: Database.Database,
  sweepIds: readonly string[],
  filter: Pick<ResultFilter, 'model' | 'task'>,
): StoredVectors[] {
  return tasksWithThetas(db, sweepIds, filter).flatMap((task) => {
    const best = meanAtBest(db, task)
    const units = experimentsWithThetas(db, task)
    const all = units.some(({ experiment }) => experiment === 'mean_thetas')
    return [
      ...(best && !all
        ? [row(task, 'main', { perItem: false, items: task.protocol.testItems, layers: [task.testedLayer] })]
        : []),
      ...units.map(({ experiment, runId }) => {
        const layers = thetaReader(db).layers(runId)
        const stored = thetaReader(db).vectors(runId, layers[0] ?? 0).vectors.length / task.dModel
        const perItem = ofMain[experiment] ?? true
        const items = perItem ? stored : task.protocol.testItems
        return row(withK(db, task, experiment), experiment in ofMain ? 'main' : experiment, {
          perItem,
          items,
          layers,
        })
      }),
    ]
  })
}

function row(
  { sweep, model, task, protocol, numerics, dModel }: TaskWithThetas,
  experiment: string,
  rest: Pick<StoredVectors, 'perItem' | 'items' | 'layers'>,
): StoredVectors {
  return { sweep, model, task, setting: settingName(protocol, numerics), experiment, ...rest, dModel }
}
