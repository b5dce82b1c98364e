import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { inSweep } from '../../store/schema/views.js'

const scored = {
  layer: integer().notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
  answerLogProb: real('answer_log_prob').notNull(),
  answerRank: real('answer_rank').notNull(),
  answerLogitDifference: real('answer_logit_difference').notNull(),
}

/** Accuracy on a task's queries with θ of another source patched in; the run's unit names the source. */
export const transferScores = sqliteTable(
  'transfer_scores',
  { runId: unitRun(), taskId: text('task_id').notNull(), ...scored },
  (table) => [
    primaryKey({ columns: [table.runId, table.taskId, table.layer] }),
    check('transfer_scores_correct', sql`${table.correct} between 0 and ${table.items}`),
  ],
)

/** A row per source of θ, task of the queries, and layer. */
export const transferView = sqliteView('transfer', {
  ...inSweep,
  source: text().notNull(),
  task: text().notNull(),
  accuracy: real().notNull(),
  ...scored,
}).existing()
