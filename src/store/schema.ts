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

/**
 * The results database. Runs belong to the key that hashes all that determines them, not to a sweep: sweeps point at
 * keys, so that a second sweep finds what is there. docs/schema.md explains it to people who open the file themselves.
 */

/** One row: a name of its own for this database, so that a file made anew at the same path is not taken for it. */
export const identity = sqliteTable('identity', { id: text().primaryKey() })

export const sweeps = sqliteTable(
  'sweeps',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    /** Resolved config, canonical JSON. */
    config: text().notNull(),
    protocol: text().notNull(),
    seed: integer().notNull(),
    codeVersion: text('code_version').notNull(),
    machine: text().notNull(),
    status: text({ enum: ['running', 'complete', 'failed', 'cancelled'] }).notNull(),
    createdAt: text('created_at').notNull(),
    finishedAt: text('finished_at'),
    /** The same for the sweeps that one config with several seeds made; null where it has one. */
    groupId: text('group_id'),
  },
  (table) => [check('sweeps_status', sql`${table.status} in ('running', 'complete', 'failed', 'cancelled')`)],
)

/** A model's content: weights, config and tokenizer, with the numeric set-up it ran in. */
export const models = sqliteTable('models', {
  contentHash: text('content_hash').primaryKey(),
  architecture: text().notNull(),
  blocks: integer().notNull(),
  dModel: integer('d_model').notNull(),
  vocab: integer().notNull(),
  parameters: integer().notNull(),
  weights: text().notNull(),
})

export const sweepModels = sqliteTable(
  'sweep_models',
  {
    sweepId: text('sweep_id')
      .notNull()
      .references(() => sweeps.id),
    modelId: text('model_id').notNull(),
    position: integer().notNull(),
    source: text().notNull(),
    /** The content that the sweep's results are of; null until a worker has loaded the model. */
    contentHash: text('content_hash'),
    numerics: text(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.modelId] })],
)

export const sweepTasks = sqliteTable(
  'sweep_tasks',
  {
    sweepId: text('sweep_id')
      .notNull()
      .references(() => sweeps.id),
    taskId: text('task_id').notNull(),
    position: integer().notNull(),
    /** The task as the config gave it, JSON, word lists and items included. */
    spec: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.taskId] })],
)

/** Pairs that survived a tokenizer's filter, stored once per content. */
export const taskPairs = sqliteTable(
  'task_pairs',
  {
    pairsHash: text('pairs_hash').notNull(),
    position: integer().notNull(),
    input: text().notNull(),
    output: text().notNull(),
    accept: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.pairsHash, table.position] })],
)

/** Items of a split, stored once per content. */
export const items = sqliteTable(
  'items',
  {
    itemsHash: text('items_hash').notNull(),
    item: integer().notNull(),
    demonstrations: text().notNull(),
    query: text().notNull(),
    answer: text().notNull(),
    accept: text().notNull(),
    dummyQueries: text('dummy_queries').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.itemsHash, table.item] }),
    check('items_item', sql`${table.item} >= 0`),
  ],
)

/** A task made ready for a model within a sweep. */
export const preparedTasks = sqliteTable(
  'prepared_tasks',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    taskId: text('task_id').notNull(),
    modelHash: text('model_hash')
      .notNull()
      .references(() => models.contentHash),
    numerics: text().notNull(),
    category: text().notNull(),
    scoring: text().notNull(),
    reading: text().notNull(),
    pairsHash: text('pairs_hash'),
    baselineItems: text('baseline_items').notNull(),
    devItems: text('dev_items').notNull(),
    testItems: text('test_items').notNull(),
    warnings: text().notNull(),
    bestLayer: integer('best_layer'),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.modelId, table.taskId] }),
    foreignKey({
      columns: [table.sweepId, table.modelId],
      foreignColumns: [sweepModels.sweepId, sweepModels.modelId],
    }),
    foreignKey({
      columns: [table.sweepId, table.taskId],
      foreignColumns: [sweepTasks.sweepId, sweepTasks.taskId],
    }),
    check('prepared_tasks_best_layer', sql`${table.bestLayer} >= 0`),
  ],
)

/** One point of the by-layer curve: (model, task, L) of a sweep, and the key of its dev run. */
export const cells = sqliteTable(
  'cells',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    taskId: text('task_id').notNull(),
    layer: integer().notNull(),
    runKey: text('run_key').notNull(),
    layersTogether: text('layers_together').notNull(),
    /** 1: the run was already stored when this sweep came to it. */
    reused: integer().notNull(),
    /** The run's, null until it is stored; triggers keep them. A million runs found by their keys would take seconds. */
    correct: integer(),
    items: integer(),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.modelId, table.taskId, table.layer] }),
    foreignKey({
      columns: [table.sweepId, table.modelId, table.taskId],
      foreignColumns: [preparedTasks.sweepId, preparedTasks.modelId, preparedTasks.taskId],
    }),
    index('cells_run_key').on(table.runKey),
    /** All that curves and progress need. */
    index('cells_curves').on(
      table.sweepId,
      table.modelId,
      table.taskId,
      table.layer,
      table.correct,
      table.items,
      table.reused,
    ),
    check('cells_layer', sql`${table.layer} >= 0`),
  ],
)

/** The baseline, regular and hypothesis runs of (model, task) of a sweep. */
export const sweepRuns = sqliteTable(
  'sweep_runs',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    taskId: text('task_id').notNull(),
    kind: text({ enum: ['baseline', 'regular', 'hypothesis'] }).notNull(),
    runKey: text('run_key').notNull(),
    reused: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.modelId, table.taskId, table.kind] }),
    foreignKey({
      columns: [table.sweepId, table.modelId, table.taskId],
      foreignColumns: [preparedTasks.sweepId, preparedTasks.modelId, preparedTasks.taskId],
    }),
    index('sweep_runs_run_key').on(table.runKey),
    check('sweep_runs_kind', sql`${table.kind} in ('baseline', 'regular', 'hypothesis')`),
  ],
)

/** Scores of one run over one split. */
export const runs = sqliteTable(
  'runs',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    modelHash: text('model_hash')
      .notNull()
      .references(() => models.contentHash),
    kind: text({ enum: ['baseline', 'regular', 'hypothesis'] }).notNull(),
    split: text({ enum: ['baseline', 'dev', 'test'] }).notNull(),
    /** The patched layer L; null for baseline and regular. */
    layer: integer(),
    itemsHash: text('items_hash').notNull(),
    numerics: text().notNull(),
    items: integer().notNull(),
    correct: integer().notNull(),
  },
  (table) => [
    uniqueIndex('runs_key').on(table.key),
    check('runs_kind', sql`(${table.kind} = 'hypothesis') = (${table.layer} is not null)`),
    check('runs_correct', sql`${table.correct} between 0 and ${table.items}`),
  ],
)

export const predictions = sqliteTable(
  'predictions',
  {
    runId: integer('run_id')
      .notNull()
      .references(() => runs.id),
    item: integer().notNull(),
    token: integer().notNull(),
    text: text().notNull(),
    correct: integer().notNull(),
    /** Natural logarithm of the probability of the answer's first token. */
    answerLogProb: real('answer_log_prob').notNull(),
    /** 1: the answer's first token is the greedy choice. */
    answerRank: integer('answer_rank').notNull(),
    /** That token's logit minus the highest of all others; null in rows of before it was recorded. */
    answerLogitDifference: real('answer_logit_difference'),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.item] }),
    check('predictions_correct', sql`${table.correct} in (0, 1)`),
    check('predictions_log_prob', sql`${table.answerLogProb} <= 0.0001`),
    check('predictions_rank', sql`${table.answerRank} >= 1`),
  ],
)

/** Mean θ over a run's items at its layer, f32 little-endian, `[d_model]`. */
export const taskVectors = sqliteTable(
  'task_vectors',
  {
    runId: integer('run_id')
      .primaryKey()
      .references(() => runs.id),
    layer: integer().notNull(),
    values: blob({ mode: 'buffer' }).notNull(),
  },
  (table) => [
    check('task_vectors_size', sql`length(${table.values}) > 0 and length(${table.values}) % 4 = 0`),
  ],
)

/** What one activity took. Not part of any result. */
export const timings = sqliteTable(
  'timings',
  {
    sweepId: text('sweep_id')
      .notNull()
      .references(() => sweeps.id),
    modelId: text('model_id').notNull(),
    taskId: text('task_id').notNull(),
    /** For instance `dev 0,1,2`. */
    work: text().notNull(),
    engineSeconds: real('engine_seconds').notNull(),
    computedBy: text('computed_by').notNull(),
    finishedAt: text('finished_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.modelId, table.taskId, table.work] })],
)

export const failures = sqliteTable(
  'failures',
  {
    sweepId: text('sweep_id')
      .notNull()
      .references(() => sweeps.id),
    modelId: text('model_id').notNull(),
    /** '' where the whole model failed. */
    taskId: text('task_id').notNull(),
    /** `main`, or the name of the further experiment that failed. */
    experiment: text().notNull().default('main'),
    code: text().notNull(),
    message: text().notNull(),
    attempts: integer().notNull(),
    /** Last lines of the process that failed. */
    log: text().notNull().default(''),
    /** Which worker it failed on; '' where it is the writer of the database, or not known. */
    worker: text().notNull().default(''),
    failedAt: text('failed_at').notNull(),
    /** 1 once it was tried again. */
    superseded: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.modelId, table.taskId, table.experiment, table.code] }),
  ],
)

/**
 * What the further experiments of a sweep consist of (src/store/units.ts), from its start: one row per piece of work that
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

/** Cosine distances of a task's θ, within the task and to the other tasks' (PROTOCOL, Robustness). */
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
