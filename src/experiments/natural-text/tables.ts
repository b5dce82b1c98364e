import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { ofTask } from '../../store/schema/views.js'

/** How often the continuation of a sentence with the query contains the answer. */
export const naturalTextScores = sqliteTable(
  'natural_text_scores',
  {
    runId: unitRun(),
    taskId: text('task_id').notNull(),
    template: text().notNull(),
    /** As in `function_vector_scores`; `none`: no vector. */
    kind: text({
      enum: ['none', 'theta-replaced', 'theta-added', 'function-vector', 'random-vector'],
    }).notNull(),
    /** -1 without a vector. */
    layer: integer().notNull(),
    items: integer().notNull(),
    correct: integer().notNull(),
    /** Items whose greedy token is the answer's first. */
    firstTokens: integer('first_tokens').notNull(),
    answerLogProb: real('answer_log_prob').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.taskId, table.template, table.kind, table.layer] }),
    check(
      'natural_text_correct',
      sql`${table.correct} between 0 and ${table.items} and ${table.firstTokens} between 0 and ${table.items}`,
    ),
  ],
)

/** A row per task, template, kind and L; the layer is null without a vector. */
export const naturalTextView = sqliteView('natural_text', {
  ...ofTask,
  template: text().notNull(),
  kind: text().notNull(),
  layer: integer(),
  accuracy: real().notNull(),
  firstToken: real('first_token').notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
  answerLogProb: real('answer_log_prob').notNull(),
}).existing()
