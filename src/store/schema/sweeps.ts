import type { NumericsJson } from '../../domain/numerics.js'
import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The results database. A run is identified by a key that hashes everything that determines it and belongs to no sweep; sweeps
 * refer to keys, so a second sweep finds existing results. docs/schema.md documents the schema for direct use.
 */

/** One row: this database's id, so that a new file at the same path is not mistaken for it. */
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
    /** Shared by the sweeps of one config with several seeds; null for a single seed. */
    groupId: text('group_id'),
  },
  (table) => [check('sweeps_status', sql`${table.status} in ('running', 'complete', 'failed', 'cancelled')`)],
)

/** Foreign key for tables whose rows belong to a sweep. */
export const ofSweep = () =>
  text('sweep_id')
    .notNull()
    .references(() => sweeps.id)

/** A model's content: weights, config and tokenizer, with the numeric setup it ran in. */
export const models = sqliteTable('models', {
  modelHash: text('content_hash').primaryKey(),
  architecture: text().notNull(),
  blocks: integer().notNull(),
  dModel: integer('d_model').notNull(),
  vocab: integer().notNull(),
  parameters: integer().notNull(),
  weights: text().notNull(),
})

export const ofModel = () =>
  text('model_hash')
    .notNull()
    .references(() => models.modelHash)

export const sweepModels = sqliteTable(
  'sweep_models',
  {
    sweepId: ofSweep(),
    modelId: text('model_id').notNull(),
    position: integer().notNull(),
    source: text().notNull(),
    /** Hash of the content behind the sweep's results; null until a worker has loaded the model. */
    modelHash: text('content_hash'),
    numerics: text().$type<NumericsJson>(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.modelId] })],
)

export const sweepTasks = sqliteTable(
  'sweep_tasks',
  {
    sweepId: ofSweep(),
    taskId: text('task_id').notNull(),
    position: integer().notNull(),
    /** The task as given in the config, as JSON, including word lists and items. */
    spec: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.taskId] })],
)

/** Pairs that passed a tokenizer's filter, stored once per content. */
export const taskPairs = sqliteTable(
  'task_pairs',
  {
    pairsHash: text('pairs_hash').notNull(),
    position: integer().notNull(),
    input: text().notNull(),
    output: text().notNull(),
    accept: text().notNull(),
    /** train, dev or test if the list defines its own splits; else null. */
    split: text(),
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
    /** Prompt format as JSON; null for the paper's. */
    prompt: text(),
  },
  (table) => [
    primaryKey({ columns: [table.itemsHash, table.item] }),
    check('items_item', sql`${table.item} >= 0`),
  ],
)

/** A task prepared for a model within a sweep. */
export const preparedTasks = sqliteTable(
  'prepared_tasks',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    taskId: text('task_id').notNull(),
    modelHash: ofModel(),
    numerics: text().$type<NumericsJson>().notNull(),
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

/** One point of the by-layer curve: a sweep's (model, task, L) and the key of its dev run. */
export const cells = sqliteTable(
  'cells',
  {
    sweepId: text('sweep_id').notNull(),
    modelId: text('model_id').notNull(),
    taskId: text('task_id').notNull(),
    layer: integer().notNull(),
    runKey: text('run_key').notNull(),
    layersTogether: text('layers_together').notNull(),
    /** 1 if the run was already stored when this sweep reached it. */
    reused: integer().notNull(),
    /** Copied from the run by triggers; null until it is stored. Looking up a million runs by key would take seconds. */
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
    /** Covers everything that curves and progress need. */
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

/** The baseline, regular and hypothesis runs of a sweep's (model, task). */
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
