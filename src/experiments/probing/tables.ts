import { integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { ofTask } from '../../store/schema/views.js'

const angles = {
  /** `function-vector`: its heads; `random-heads`: as many others of the same layers. */
  vector: text().notNull(),
  /** Of θ; the sum is of blocks 0 to this one. */
  layer: integer().notNull(),
  /** Of the mean θ and the mean sum of the task's prompts. */
  cosine: real().notNull(),
  normSum: real('norm_sum').notNull(),
  normTheta: real('norm_theta').notNull(),
}

/** What heads wrote to a task's last tokens, compared with θ there. */
export const headSumAngles = sqliteTable(
  'head_sum_angles',
  { runId: unitRun(), taskId: text('task_id').notNull(), ...angles },
  (table) => [primaryKey({ columns: [table.runId, table.taskId, table.vector, table.layer] })],
)

export const headSumsView = sqliteView('head_sums', { ...ofTask, ...angles }).existing()
export type HeadSum = Pick<typeof headSumsView.$inferSelect, 'model' | 'task' | keyof typeof angles>

/** How many of a task's vectors a linear classifier names right, by L. */
export const probingView = sqliteView('probing', {
  ...ofTask,
  vector: text().notNull(),
  layer: integer().notNull(),
  accuracy: real().notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
}).existing()
