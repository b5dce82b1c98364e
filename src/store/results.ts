import type Database from 'better-sqlite3'
import { didYouMean } from '../domain/nearest.js'
import { TaskvecError } from '../domain/errors.js'
import { modeLabel, type EngineMode } from '../domain/numerics.js'
import type { Category, Protocol } from '../domain/types.js'
import { keptStatement } from './kept-statements.js'
import type { SweepStatus, TaskProgress } from './store.js'

/** Queries on the results database, read-only. Rows come in the config's order, never in that of insertion. */

export interface SweepSummary {
  readonly id: string
  readonly name: string
  readonly status: SweepStatus
  readonly config: string
  readonly protocol: Protocol
  readonly createdAt: string
  readonly finishedAt: string | null
  /** The same for the sweeps that one config with several seeds made; else null. */
  readonly group: string | null
}

export interface MainRow {
  readonly model: string
  readonly task: string
  readonly category: Category
  readonly baseline: number
  readonly hypothesis: number
  readonly regular: number
  readonly bestLayer: number
  readonly baselineItems: number
  readonly testItems: number
  readonly devItems: number
}

export interface LayerRow {
  readonly model: string
  readonly task: string
  readonly layer: number
  readonly accuracy: number
  readonly items: number
}

export interface ResultFilter {
  readonly model?: string | undefined
  readonly task?: string | undefined
  readonly kind?: string | undefined
  readonly layer?: number | undefined
  readonly category?: string | undefined
}

export interface FailureRow {
  readonly model: string
  readonly task: string
  /** `main` or a further one. */
  readonly experiment: string
  readonly code: string
  readonly message: string
  readonly attempts: number
  /** Last lines of the process that failed. */
  readonly log: string
  readonly worker: string
  readonly failedAt: string
}

/** The database's own name, a UUID: what distinguishes its queues and workflows from another's on the same server. */
export function databaseIdentity(db: Database.Database): string {
  return db.prepare('select id from identity').pluck().get() as string
}

export function listSweeps(db: Database.Database): SweepSummary[] {
  const rows = db
    .prepare(
      'select id, name, status, config, protocol, created_at as createdAt, finished_at as finishedAt, group_id as "group" from sweeps order by created_at desc, id',
    )
    .all()
  return (rows as (Omit<SweepSummary, 'protocol'> & { protocol: string })[]).map((row) => ({
    ...row,
    protocol: JSON.parse(row.protocol) as Protocol,
  }))
}

/** What to show beside the sweep's results where they are not f32 on the cpu, for instance `w8a8`; else null. */
export function sweepMode({ config }: Pick<SweepSummary, 'config'>): string | null {
  return modeLabel((JSON.parse(config) as { mode?: EngineMode }).mode ?? {})
}

/** The sweep with this id, group or name (the latest of several); the latest of all where none is named. Throws USAGE. */
export function findSweep(db: Database.Database, wanted: string | undefined): SweepSummary {
  const sweeps = listSweeps(db)
  const found =
    wanted === undefined
      ? sweeps[0]
      : (sweeps.find(({ id }) => id === wanted) ??
        sweeps.find(({ group, name }) => group === wanted || name === wanted))
  if (found) return found
  if (wanted === undefined)
    throw new TaskvecError('USAGE', 'the database holds no sweep yet', {
      hint: 'Run one: taskvec run configs/quickstart.yaml',
    })
  const known = sweeps.map(({ id }) => id)
  throw new TaskvecError(
    'USAGE',
    `no sweep "${wanted}"${didYouMean(wanted, [...known, ...sweeps.map(({ name }) => name)])}`,
    {
      hint:
        known.length > 0
          ? `Sweeps: ${known.slice(0, 10).join(', ')}`
          : 'The database holds no sweep yet: taskvec run configs/quickstart.yaml',
    },
  )
}

/** The sweeps that one config with several seeds made, this one among them, by seed. */
export function sweepGroup(db: Database.Database, sweepId: string): string[] {
  return db
    .prepare(
      `select s.id from sweeps s join sweeps own on own.id = ? and (s.id = own.id or s.group_id = own.group_id) order by s.seed, s.id`,
    )
    .pluck()
    .all(sweepId) as string[]
}

const inConfigOrder = `join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
  join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = v.task`

export function mainResults(db: Database.Database, sweepId: string, filter: ResultFilter = {}): MainRow[] {
  return db
    .prepare(
      `select v.model, v.task, v.category, v.baseline, v.hypothesis, v.regular, v.best_layer as bestLayer,
              v.baseline_items as baselineItems, v.test_items as testItems, v.dev_items as devItems
       from results v ${inConfigOrder} where v.sweep = @sweepId ${given(filter, 'model', 'task', 'category')}
       order by m.position, t.position`,
    )
    .all(parameters(sweepId, filter)) as MainRow[]
}

export function layerResults(db: Database.Database, sweepId: string, filter: ResultFilter = {}): LayerRow[] {
  return db
    .prepare(
      `select v.model, v.task, v.layer, v.accuracy, v.items from layers v ${inConfigOrder}
       where v.sweep = @sweepId ${given(filter, 'model', 'task', 'layer')}
       order by m.position, t.position, v.layer`,
    )
    .all(parameters(sweepId, filter)) as LayerRow[]
}

/** Columns of `predictionValues`, in order, and their types. */
export const predictionColumns = {
  model: 'text',
  task: 'text',
  split: 'text',
  kind: 'text',
  layer: 'whole',
  item: 'whole',
  query: 'text',
  answer: 'text',
  prediction: 'text',
  correct: 'truth',
  answerLogProb: 'real',
  answerRank: 'whole',
  answerLogitDifference: 'real',
} as const

/**
 * Predictions by position. A query per run, and items once per split instead of joined to every run: a million rows come
 * in about a second.
 */
export function* predictionValues(
  db: Database.Database,
  sweepId: string,
  filter: ResultFilter = {},
): Generator<(string | number | boolean | null)[]> {
  const runs = keptStatement(
    db,
    `select v.model, v.task, r.split, r.kind, r.layer, r.id, r.items_hash
       from all_runs v ${inConfigOrder} join runs r on r.key = v.run_key
       where v.sweep = @sweepId ${given(filter, 'model', 'task', 'kind')}
         and (@category is null or exists (select 1 from prepared_tasks p where p.sweep_id = v.sweep and p.model_id = v.model and p.task_id = v.task and p.category = @category))
         and (@layer is null or r.layer = @layer)
       order by m.position, t.position, case r.split when 'baseline' then 0 when 'dev' then 1 else 2 end, r.kind desc, r.layer`,
  )
    .raw()
    .all(parameters(sweepId, filter)) as [string, string, string, string, number | null, number, string][]
  const itemsOf = keptStatement(
    db,
    'select query, answer from items where items_hash = ? order by item',
  ).raw()
  const predictionsOf = keptStatement(
    db,
    'select item, text, correct, answer_log_prob, answer_rank, answer_logit_difference from predictions where run_id = ? order by item',
  ).raw()
  let hash = ''
  let items: [query: string, answer: string][] = []
  for (const [model, task, split, kind, layer, id, itemsHash] of runs) {
    if (itemsHash !== hash) items = itemsOf.all((hash = itemsHash)) as typeof items
    const predictions = predictionsOf.all(id) as [number, string, number, number, number, number | null][]
    for (const [item, text, correct, logProb, rank, difference] of predictions) {
      const [query, answer] = items[item] as [string, string]
      yield [
        model,
        task,
        split,
        kind,
        layer,
        item,
        query,
        answer,
        text,
        correct === 1,
        logProb,
        rank,
        difference,
      ]
    }
  }
}

/** A sweep's models, in the config's order, and the content that its results are of. */
export function modelsOf(
  db: Database.Database,
  sweepId: string,
): { readonly model: string; readonly contentHash: string | null }[] {
  return db
    .prepare(
      'select model_id as model, content_hash as contentHash from sweep_models where sweep_id = ? order by position',
    )
    .all(sweepId) as ReturnType<typeof modelsOf>
}

/** Every (model, task) of the sweep, or of some of its models; `cellsAll` is 0 until the task has been prepared. */
export function sweepProgress(
  db: Database.Database,
  sweepId: string,
  models?: readonly string[],
): TaskProgress[] {
  const rows = db
    .prepare(
      `select m.model_id as model, t.task_id as task, p.best_layer as bestLayer,
         count(c.layer) as cellsAll, count(c.items) as cellsDone, coalesce(sum(c.reused), 0) as cellsReused,
         (select count(*) from sweep_runs s join runs x on x.key = s.run_key
          where s.sweep_id = m.sweep_id and s.model_id = m.model_id and s.task_id = t.task_id) as runsDone
       from sweep_models m join sweep_tasks t on t.sweep_id = m.sweep_id
       left join prepared_tasks p on p.sweep_id = m.sweep_id and p.model_id = m.model_id and p.task_id = t.task_id
       left join cells c on c.sweep_id = m.sweep_id and c.model_id = m.model_id and c.task_id = t.task_id
       where m.sweep_id = ? ${models ? 'and m.model_id in (select value from json_each(?))' : ''}
       group by m.position, t.position order by m.position, t.position`,
    )
    .all(sweepId, ...(models ? [JSON.stringify(models)] : [])) as (Omit<TaskProgress, 'complete'> & {
    runsDone: number
  })[]
  return rows.map(({ runsDone, ...row }) => ({
    ...row,
    complete: row.cellsAll > 0 && row.cellsDone === row.cellsAll && runsDone === 3,
  }))
}

/** Units of the further experiments: how many are done, skipped ones included. */
export function unitProgress(db: Database.Database, sweepId: string): { done: number; all: number } {
  return db
    .prepare(
      "select count(*) as 'all', count(*) filter (where state <> 'waiting') as done from experiments where sweep = ?",
    )
    .get(sweepId) as { done: number; all: number }
}

/** Further experiments that cannot be done for a model and its tasks, and why. */
export function skippedExperiments(
  db: Database.Database,
  sweepId: string,
): { model: string; experiment: string; task: string; thetaTask: string; reason: string }[] {
  return db
    .prepare(
      `select model, experiment, task, theta_task as thetaTask, reason from experiments
       where sweep = ? and state = 'skipped' order by model, experiment, task, theta_task`,
    )
    .all(sweepId) as ReturnType<typeof skippedExperiments>
}

/** What was noticed when tasks were made ready, few pairs for instance. */
export function sweepWarnings(db: Database.Database, sweepId: string): { model: string; warning: string }[] {
  const rows = db
    .prepare(
      "select model_id as model, warnings from prepared_tasks where sweep_id = ? and warnings <> '[]' order by model_id, task_id",
    )
    .all(sweepId) as { model: string; warnings: string }[]
  return rows.flatMap(({ model, warnings }) =>
    (JSON.parse(warnings) as string[]).map((warning) => ({ model, warning })),
  )
}

/** Failures that were not tried again since. */
export function sweepFailures(db: Database.Database, sweepId: string): FailureRow[] {
  return db
    .prepare(
      'select model_id as model, task_id as task, experiment, code, message, attempts, log, worker, failed_at as failedAt from failures where sweep_id = ? and superseded = 0 order by model_id, task_id, experiment, code',
    )
    .all(sweepId) as FailureRow[]
}

/** Conditions on what the filter gives, and only that, so that an index serves them. */
function given(filter: ResultFilter, ...columns: readonly (keyof ResultFilter)[]): string {
  return columns.flatMap((name) => (filter[name] === undefined ? [] : `and v.${name} = @${name}`)).join(' ')
}

function parameters(sweepId: string, { model, task, category, kind, layer }: ResultFilter) {
  return {
    sweepId,
    model: model ?? null,
    task: task ?? null,
    category: category ?? null,
    kind: kind ?? null,
    layer: layer ?? null,
  }
}
