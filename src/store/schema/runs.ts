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

/** What sweeps refer to: runs by key, with their predictions and θ; also timings and failures. */

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
    /** That token's logit minus the highest other logit; null in rows older than the column. */
    answerLogitDifference: real('answer_logit_difference'),
    /** Score from 0 to 1 under a graded scoring rule; null under the others. */
    score: real(),
    /** Ids of a multi-token generated answer as a JSON list, starting with `token`; null if only one token was generated. */
    tokens: text(),
    /** Natural logarithm of the joint probability of all tokens of the right answer, and the largest of their ranks. */
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

/** Time one piece of work took; not part of any result. */
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
    /** '' if the whole model failed. */
    taskId: text('task_id').notNull(),
    /** `main`, or the name of the additional experiment that failed. */
    experiment: text().notNull().default('main'),
    code: text().notNull(),
    message: text().notNull(),
    attempts: integer().notNull(),
    /** Last lines of output of the failed process. */
    log: text().notNull().default(''),
    /** The worker it failed on; '' if that is the database writer or unknown. */
    worker: text().notNull().default(''),
    failedAt: text('failed_at').notNull(),
    /** 1 once it has been retried. */
    superseded: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sweepId, table.modelId, table.taskId, table.experiment, table.code] }),
  ],
)
