import { canonicalJson, numericsJson } from '../domain/identity.js'
import { TaskvecError } from '../domain/errors.js'
import { kernelsOf, numericsDifference, otherProcessorHint } from '../domain/numerics.js'
import type { ModelContent, PreparedTask, Split } from '../domain/types.js'
import { saveItems, savePairs, type PreparedRow } from './content.js'
import { models, preparedTasks } from './schema/sweeps.js'
import type { Statements } from './statements.js'
import type { PlanTaskInput } from './store-inputs.js'

/** A (model, task) of a sweep. */
export interface TaskPlace {
  readonly sweepId: string
  readonly model: string
  readonly task: string
}

/** Stores a task's model, items and pairs once. Errors: STORE if they differ from those that the sweep started with. */
export function savePrepared(
  db: Statements,
  place: TaskPlace,
  info: PlanTaskInput['info'],
  prepared: PlanTaskInput['prepared'],
): PreparedRow {
  const itemsHash = {
    baseline: saveItems(db, prepared.items.baseline),
    dev: saveItems(db, prepared.items.dev),
    test: saveItems(db, prepared.items.test),
  }
  const pairsHash = prepared.pairs && savePairs(db, prepared.pairs)
  return savePreparedRow(db, place, info, { ...prepared, itemsHash, pairsHash })
}

interface NewPreparedTask extends Pick<PreparedTask, 'category' | 'scoring' | 'reading' | 'warnings'> {
  readonly itemsHash: Record<Split, string>
  readonly pairsHash: string | null
}

/** The same if its items and pairs are stored already. */
export function savePreparedRow(
  db: Statements,
  place: TaskPlace,
  info: PlanTaskInput['info'],
  { itemsHash, pairsHash, ...prepared }: NewPreparedTask,
): PreparedRow {
  const { sweepId, model, task } = place
  const { modelHash, architecture, blocks, dModel, vocab, parameters, weights } = info
  db.insert(models, { modelHash, architecture, blocks, dModel, vocab, parameters, weights })
  const { category, scoring, reading } = prepared
  db.insert(preparedTasks, {
    ...{ sweepId, modelId: model, taskId: task, modelHash, pairsHash },
    ...{ category, scoring, reading },
    numerics: numericsJson(info.numerics),
    baselineItems: itemsHash.baseline,
    devItems: itemsHash.dev,
    testItems: itemsHash.test,
    warnings: canonicalJson(prepared.warnings),
  })
  const row = preparedTask(db, place)
  const content = { hash: info.modelHash, numerics: numericsJson(info.numerics) }
  refuseOtherModel(place, { hash: row.model_hash, numerics: row.numerics }, content)
  refuseOtherItems(place, row, { ...itemsHash, scoring: prepared.scoring })
  return row
}

/** For a task `t` of a sweep: the part of its runs' keys for θ given by the config; null if it gives none. */
export const thetaKey = `trim(coalesce(t.spec ->> '$.theta.mode', '') || ' ' || (t.spec ->> '$.theta.hash'))`

/** A task as the sweep prepared it. Errors: STORE if it is not prepared. */
export function preparedTask(db: Statements, { sweepId, model, task }: TaskPlace): PreparedRow {
  const row = db.row(
    `select p.*, ${thetaKey} as theta from prepared_tasks p join sweep_tasks t on t.sweep_id = p.sweep_id and t.task_id = p.task_id
     where p.sweep_id = ? and p.model_id = ? and p.task_id = ?`,
    [sweepId, model, task],
  )
  if (!row)
    throw new TaskvecError('STORE', `${db.file}: sweep ${sweepId}: ${model}, ${task} has not been prepared`)
  return row as PreparedRow
}

/** A sweep's results must come from the same weights and numerics. Errors: STORE. */
export function refuseOtherModel(
  { sweepId, model }: Omit<TaskPlace, 'task'>,
  settled: ModelContent,
  now: ModelContent,
): void {
  if (settled.hash !== now.hash) {
    throw new TaskvecError(
      'STORE',
      `${model}: its weights, config or tokenizer changed since sweep ${sweepId} started (${settled.hash.slice(0, 12)}, now ${now.hash.slice(0, 12)})`,
      { hint: 'Restore the files, or start a new sweep under another name.' },
    )
  }
  if (settled.numerics === now.numerics) return
  const difference = numericsDifference(now.numerics, settled.numerics)
  throw kernelsOf(settled.numerics) === kernelsOf(now.numerics)
    ? new TaskvecError(
        'STORE',
        `${model}: the numerics changed since sweep ${sweepId} started: ${difference}`,
        {
          hint: 'Resume it with the taskvec version that started it, or start a new sweep under another name.',
        },
      )
    : new TaskvecError(
        'STORE',
        `${model}: sweep ${sweepId} started on another kind of processor: ${difference}`,
        { hint: otherProcessorHint },
      )
}

/** Every `prepareTask` draws the items again, and they must be those of the stored runs. */
function refuseOtherItems(
  { sweepId, model, task }: TaskPlace,
  row: PreparedRow,
  now: Record<Split | 'scoring', string>,
): void {
  if (
    row.scoring === now.scoring &&
    row.baseline_items === now.baseline &&
    row.dev_items === now.dev &&
    row.test_items === now.test
  )
    return
  throw new TaskvecError(
    'STORE',
    `${model}, ${task}: its items changed since sweep ${sweepId} started (another word list, sampling or scoring)`,
    { hint: 'Resume it with the taskvec version that started it, or start a new sweep under another name.' },
  )
}
