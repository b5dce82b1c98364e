import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { answered, scored } from '../function-vectors/tables.js'

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
    ...answered,
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
  ...scored,
  template: text().notNull(),
  layer: integer(),
}).existing()
