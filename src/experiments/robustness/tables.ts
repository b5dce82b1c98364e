import { integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { category, ofTask } from '../../store/schema/views.js'

const distances = {
  layer: integer().notNull(),
  thetas: integer().notNull(),
  withinMean: real('within_mean').notNull(),
  withinSd: real('within_sd').notNull(),
  betweenMean: real('between_mean').notNull(),
  betweenSd: real('between_sd').notNull(),
  purity: real().notNull(),
  silhouette: real().notNull(),
}
const point = { item: integer().notNull(), x: real().notNull(), y: real().notNull() }

/** Cosine distances of a task's θ, within the task and to the other tasks' (docs/protocol.md, Robustness). */
export const thetaDistances = sqliteTable(
  'theta_distances',
  {
    runId: unitRun(),
    taskId: text('task_id').notNull(),
    ...distances,
    /** JSON: 51 edges, the same for all tasks of a model. */
    histogramEdges: text('histogram_edges').notNull(),
    withinHistogram: text('within_histogram').notNull(),
    betweenHistogram: text('between_histogram').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.taskId] })],
)

/** The t-SNE coordinates of each θ. */
export const thetaPoints = sqliteTable(
  'theta_points',
  { runId: unitRun(), taskId: text('task_id').notNull(), ...point },
  (table) => [primaryKey({ columns: [table.runId, table.taskId, table.item] })],
)

export type TaskDistances = Pick<typeof thetaDistances.$inferSelect, keyof typeof distances>

/** A row per task: how close its θ are to each other and to those of other tasks. */
export const robustnessView = sqliteView('robustness', {
  ...ofTask,
  category: category(),
  ...distances,
  withinHistogram: text('within_histogram').notNull(),
  betweenHistogram: text('between_histogram').notNull(),
  histogramEdges: text('histogram_edges').notNull(),
}).existing()

/** The t-SNE coordinates of each θ. */
export const thetaMapView = sqliteView('theta_map', { ...ofTask, category: category(), ...point }).existing()
