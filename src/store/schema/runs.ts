import type { NumericsJson } from '../../domain/numerics.js'
import { sql } from 'drizzle-orm'
import {
  blob,
  check,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import { ofModel, ofSweep } from './sweeps.js'

/** What sweeps point at: runs by their keys, their predictions and θ; and what went wrong. */

/** Scores of one run over one split. */
export const runs = sqliteTable(
  'runs',
  {
    id: integer().primaryKey(),
    key: text().notNull(),
    modelHash: ofModel(),
    kind: text({ enum: ['baseline', 'regular', 'hypothesis'] }).notNull(),
    split: text({ enum: ['baseline', 'dev', 'test'] }).notNull(),
    /** The patched layer L; null for baseline and regular. */
    layer: integer(),
    itemsHash: text('items_hash').notNull(),
    numerics: text().$type<NumericsJson>().notNull(),
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
    /** Of a graded rule, 0 to 1; null under the others. */
    score: real(),
    /** Where answers of several tokens were generated, else null: their ids, a JSON list, of which `token` is the first. */
    tokens: text(),
    /** Natural logarithm of the probability of all of the right answer's tokens in a row, and the largest of their ranks. */
    wholeLogProb: real('whole_log_prob'),
    wholeRank: integer('whole_rank'),
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
    sweepId: ofSweep(),
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
    sweepId: ofSweep(),
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
