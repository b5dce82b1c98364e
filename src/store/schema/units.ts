import { sql } from 'drizzle-orm'
import {
  blob,
  check,
  foreignKey,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import { ofModel, sweepModels } from './sweeps.js'

/** The further experiments: their units and what these found. */

/**
 * What the further experiments of a sweep consist of (src/store/experiment-units.ts), from its start: one row per piece of work that
 * is computed and stored as a whole.
 */
export const units = sqliteTable(
  'units',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    /** For instance `robustness`, `layer_transfer`. */
    experiment: text().notNull(),
    /** '' where the unit is about a model's tasks together. */
    taskId: text('task_id').notNull(),
    /** Conflicting: the task B that gives θ; else ''. */
    thetaTaskId: text('theta_task_id').notNull(),
    /** JSON, without what the sweep's protocol says already. */
    settings: text().notNull(),
    /** Null until it is planned. */
    runKey: text('run_key'),
    reused: integer().notNull(),
    /** Why it cannot be done for this model and these tasks; null where it can. */
    skipped: text(),
  },
  (table) => [
    primaryKey({
      columns: [table.sweepId, table.modelId, table.experiment, table.taskId, table.thetaTaskId],
    }),
    foreignKey({
      columns: [table.sweepId, table.modelId],
      foreignColumns: [sweepModels.sweepId, sweepModels.modelId],
    }),
    index('units_run_key').on(table.runKey),
  ],
)

/** Results of one unit, under the key that hashes all that determines them; their rows are in the tables below. */
export const unitRuns = sqliteTable(
  'unit_runs',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    experiment: text().notNull(),
    modelHash: ofModel(),
    /** 0 while some of its steps are still to be done. */
    complete: integer().notNull(),
  },
  (table) => [uniqueIndex('unit_runs_key').on(table.key)],
)

/** Of a table whose rows belong to a unit: by this `merge` and `verify` find it. */
export const unitRun = () =>
  integer('run_id')
    .notNull()
    .references(() => unitRuns.id)

/** θ after block `layer` of one (S, x'), f32 little-endian, `[d_model]`. */
export const thetas = sqliteTable(
  'thetas',
  {
    runId: unitRun(),
    layer: integer().notNull(),
    item: integer().notNull(),
    values: blob({ mode: 'buffer' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.layer, table.item] }),
    check('thetas_size', sql`length(${table.values}) > 0 and length(${table.values}) % 4 = 0`),
  ],
)

export const scored = {
  setting: text().notNull(),
  /** Where θ is patched in (or read by the classifier). */
  layer: integer().notNull(),
  /** Where θ was taken. */
  sourceLayer: integer('source_layer').notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
  /** Means over the items; null where nothing was generated. */
  answerLogProb: real('answer_log_prob'),
  answerRank: real('answer_rank'),
  answerLogitDifference: real('answer_logit_difference'),
}

/** Accuracies that a unit found: of the experiments beyond the paper, and of robustness on its own dev items. */
export const unitScores = sqliteTable(
  'unit_scores',
  {
    runId: unitRun(),
    /** '' where the run's unit names the task already. */
    taskId: text('task_id').notNull(),
    ...scored,
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.taskId, table.setting, table.layer, table.sourceLayer] }),
    check('unit_scores_correct', sql`${table.correct} between 0 and ${table.items}`),
  ],
)
