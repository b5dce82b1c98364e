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
import { models, sweepModels } from './sweeps.js'

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
    modelHash: text('model_hash')
      .notNull()
      .references(() => models.contentHash),
    /** 0 while some of its steps are still to be done. */
    complete: integer().notNull(),
  },
  (table) => [uniqueIndex('unit_runs_key').on(table.key)],
)

const unitRun = () =>
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

/** Cosine distances of a task's θ, within the task and to the other tasks' (docs/protocol.md, Robustness). */
export const thetaDistances = sqliteTable(
  'theta_distances',
  {
    runId: unitRun(),
    taskId: text('task_id').notNull(),
    layer: integer().notNull(),
    thetas: integer().notNull(),
    withinMean: real('within_mean').notNull(),
    withinSd: real('within_sd').notNull(),
    betweenMean: real('between_mean').notNull(),
    betweenSd: real('between_sd').notNull(),
    purity: real().notNull(),
    silhouette: real().notNull(),
    /** JSON: 51 edges, the same for all tasks of a model. */
    histogramEdges: text('histogram_edges').notNull(),
    withinHistogram: text('within_histogram').notNull(),
    betweenHistogram: text('between_histogram').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.taskId] })],
)

/** Where t-SNE puts each θ. */
export const thetaPoints = sqliteTable(
  'theta_points',
  {
    runId: unitRun(),
    taskId: text('task_id').notNull(),
    item: integer().notNull(),
    x: real().notNull(),
    y: real().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.taskId, table.item] })],
)

/** Queries that tasks A and B share, answered after S of A, without (regular) and with θ of B patched in (conflicting). */
export const conflictingPredictions = sqliteTable(
  'conflicting_predictions',
  {
    runId: unitRun(),
    kind: text({ enum: ['regular', 'conflicting'] }).notNull(),
    item: integer().notNull(),
    query: text().notNull(),
    answerA: text('answer_a').notNull(),
    answerB: text('answer_b').notNull(),
    token: integer().notNull(),
    text: text().notNull(),
    correctA: integer('correct_a').notNull(),
    correctB: integer('correct_b').notNull(),
    /** Of the first token of A's answer for regular, of B's for conflicting. */
    answerLogProb: real('answer_log_prob').notNull(),
    answerRank: integer('answer_rank').notNull(),
    answerLogitDifference: real('answer_logit_difference').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.kind, table.item] }),
    check('conflicting_correct', sql`${table.correctA} in (0, 1) and ${table.correctB} in (0, 1)`),
  ],
)

/** The likeliest tokens of the mean θ after block `layer`, through final norm and unembedding. */
export const projectionTokens = sqliteTable(
  'projection_tokens',
  {
    runId: unitRun(),
    layer: integer().notNull(),
    /** 1: the likeliest. */
    rank: integer().notNull(),
    token: integer().notNull(),
    text: text().notNull(),
    logProb: real('log_prob').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.layer, table.rank] })],
)

/** Where the task's own answers stand in that projection: over the test items' answers. */
export const projectionScores = sqliteTable(
  'projection_scores',
  {
    runId: unitRun(),
    layer: integer().notNull(),
    items: integer().notNull(),
    meanRank: real('mean_rank').notNull(),
    meanLogProb: real('mean_log_prob').notNull(),
    /** Items whose answer is the likeliest token, among the 20 likeliest, among the 100 likeliest. */
    top1: integer().notNull(),
    top20: integer().notNull(),
    top100: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.layer] })],
)

/** Accuracies that a unit found: of the experiments beyond the paper, and of robustness on its own dev items. */
export const unitScores = sqliteTable(
  'unit_scores',
  {
    runId: unitRun(),
    /** '' where the run's unit names the task already. */
    taskId: text('task_id').notNull(),
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
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.taskId, table.setting, table.layer, table.sourceLayer] }),
    check('unit_scores_correct', sql`${table.correct} between 0 and ${table.items}`),
  ],
)
