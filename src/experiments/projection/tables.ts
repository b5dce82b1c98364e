import { integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { ofTask } from '../../store/schema/views.js'

const likely = {
  layer: integer().notNull(),
  /** 1: most likely. */
  rank: integer().notNull(),
  token: integer().notNull(),
  text: text().notNull(),
  logProb: real('log_prob').notNull(),
}

const answers = {
  layer: integer().notNull(),
  items: integer().notNull(),
  meanRank: real('mean_rank').notNull(),
  meanLogProb: real('mean_log_prob').notNull(),
  /** Items whose answer is the top token, among the top 20, among the top 100. */
  top1: integer().notNull(),
  top20: integer().notNull(),
  top100: integer().notNull(),
}

/** The top tokens of the mean θ after block `layer`, through final norm and unembedding. */
export const projectionTokens = sqliteTable('projection_tokens', { runId: unitRun(), ...likely }, (table) => [
  primaryKey({ columns: [table.runId, table.layer, table.rank] }),
])

/** How the test items' answers rank in that projection. */
export const projectionScores = sqliteTable(
  'projection_scores',
  { runId: unitRun(), ...answers },
  (table) => [primaryKey({ columns: [table.runId, table.layer] })],
)

export const projectionsView = sqliteView('projections', { ...ofTask, ...likely }).existing()

export const projectionAnswersView = sqliteView('projection_answers', { ...ofTask, ...answers }).existing()
