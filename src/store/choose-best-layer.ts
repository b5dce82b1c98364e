import { bestOf } from '../domain/best-layer.js'
import { TaskvecError } from '../domain/errors.js'
import { keyOf } from './content.js'
import { preparedTask, type TaskPlace } from './prepared-tasks.js'
import { linkRun } from './run-links.js'
import type { Statements } from './statements.js'
import type { BestLayer } from './store-inputs.js'

/** Chooses the best L from a task's dev cells, and links or plans the test runs at it. Errors: STORE if a dev cell is missing. */
export function chooseBestLayer(db: Statements, place: TaskPlace): BestLayer {
  const { sweepId, model, task } = place
  const dev = db.all(
    'select layer, correct, items from cells where sweep_id = ? and model_id = ? and task_id = ? order by layer',
    [sweepId, model, task],
  ) as { layer: number; correct: number | null; items: number }[]
  const missing = dev.filter(({ correct }) => correct === null).map(({ layer }) => layer)
  const best = bestOf(dev, ({ correct }) => correct as number)
  if (!best || missing.length > 0)
    throw new TaskvecError(
      'STORE',
      `${db.file}: ${model}, ${task}: dev cells of layers ${missing.join(', ')} are not stored yet`,
    )
  db.run('update prepared_tasks set best_layer = ? where sweep_id = ? and model_id = ? and task_id = ?', [
    best.layer,
    sweepId,
    model,
    task,
  ])
  const row = preparedTask(db, place)
  const link = (kind: 'regular' | 'hypothesis', layer: number | null) =>
    linkRun(db, place, kind, keyOf(row, { kind, split: 'test', layer }, [best.layer]))
  const regular = link('regular', null)
  const hypothesis = link('hypothesis', best.layer)
  return {
    layer: best.layer,
    devAccuracy: (best.correct as number) / Math.max(1, best.items),
    testStored: regular && hypothesis,
  }
}
