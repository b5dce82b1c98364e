import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { ofTask } from '../../store/schema/views.js'

/** How many of a task's vectors a linear classifier names right, by L. */
export const probingView = sqliteView('probing', {
  ...ofTask,
  vector: text().notNull(),
  layer: integer().notNull(),
  accuracy: real().notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
}).existing()
