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

/** The additional experiments: their units and results. */

/**
 * The units of a sweep's additional experiments (src/store/experiment-units.ts), inserted when it starts: one row per piece of
 * work that is computed and stored as a whole.
 */
export const units = sqliteTable(
  'units',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    /** For instance `robustness`, `layer_transfer`. */
    experiment: text().notNull(),
    /** '' if the unit covers all of a model's tasks together. */
    taskId: text('task_id').notNull(),
    /** In the conflicting-tasks experiment, task B, which provides θ; else ''. */
    thetaTaskId: text('theta_task_id').notNull(),
    /** JSON, without what the sweep's protocol already specifies. */
    settings: text().notNull(),
    /** Null until the unit is planned. */
    runKey: text('run_key'),
    reused: integer().notNull(),
    /** Why the unit cannot run for this model and these tasks; null if it can. */
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

/** Results of one unit, under a key that hashes everything that determines them; the tables below hold the rows. */
export const unitRuns = sqliteTable(
  'unit_runs',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    experiment: text().notNull(),
    modelHash: ofModel(),
    /** 0 while some steps are still missing. */
    complete: integer().notNull(),
  },
  (table) => [uniqueIndex('unit_runs_key').on(table.key)],
)

/** Foreign key for tables whose rows belong to a unit; `merge` and `verify` find such tables by it. */
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
  /** Layer where θ is patched in (or read by the classifier). */
  layer: integer().notNull(),
  /** Layer where θ was extracted. */
  sourceLayer: integer('source_layer').notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
  /** Means over the items; null if nothing was generated. */
  answerLogProb: real('answer_log_prob'),
  answerRank: real('answer_rank'),
  answerLogitDifference: real('answer_logit_difference'),
}

/** Accuracies measured by a unit: experiments beyond the paper, and robustness on its own dev items. */
export const unitScores = sqliteTable(
  'unit_scores',
  {
    runId: unitRun(),
    /** '' if the run's unit already names the task. */
    taskId: text('task_id').notNull(),
    ...scored,
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.taskId, table.setting, table.layer, table.sourceLayer] }),
    check('unit_scores_correct', sql`${table.correct} between 0 and ${table.items}`),
  ],
)
