import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { inSweep } from '../../store/schema/views.js'

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
    /** As in `predictions`. */
    tokens: text(),
    wholeLogProb: real('whole_log_prob'),
    wholeRank: integer('whole_rank'),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.kind, table.item] }),
    check('conflicting_correct', sql`${table.correctA} in (0, 1) and ${table.correctB} in (0, 1)`),
  ],
)

/** A row per pair of tasks; the four counts are of right answers. */
export const conflictingView = sqliteView('conflicting', {
  ...inSweep,
  taskA: text('task_a').notNull(),
  taskB: text('task_b').notNull(),
  layer: integer().notNull(),
  items: integer().notNull(),
  regularA: integer('regular_a').notNull(),
  regularB: integer('regular_b').notNull(),
  conflictingA: integer('conflicting_a').notNull(),
  conflictingB: integer('conflicting_b').notNull(),
}).existing()
