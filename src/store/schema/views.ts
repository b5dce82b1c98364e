import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core'
import type { Category } from '../../domain/types.js'
import { scored } from './units.js'

/**
 * The views in migrations/ as types: `typeof results.$inferSelect` is the only type for a row of `results`. Views of the
 * additional experiments are in their own folders. docs/schema.md documents them.
 */

export const inSweep = { sweep: text().notNull(), model: text().notNull() }
export const ofTask = { ...inSweep, task: text().notNull() }
export const category = () => text().$type<Category>().notNull()

/** One row per finished (model, task), as in Table 6. */
export const results = sqliteView('results', {
  ...ofTask,
  category: category(),
  baseline: real().notNull(),
  hypothesis: real().notNull(),
  regular: real().notNull(),
  bestLayer: integer('best_layer'),
  baselineItems: integer('baseline_items').notNull(),
  testItems: integer('test_items').notNull(),
  devItems: integer('dev_items').notNull(),
}).existing()

/** One row per computed cell, a point of the by-layer curve. */
export const layers = sqliteView('layers', {
  ...ofTask,
  layer: integer().notNull(),
  accuracy: real().notNull(),
  correct: integer().notNull(),
  items: integer().notNull(),
  reused: integer().notNull(),
}).existing()

/** Scores of the experiments that only measure accuracies (`unit_scores`). */
export const beyond = sqliteView('beyond', {
  ...ofTask,
  analysis: text().notNull(),
  accuracy: real().notNull(),
  ...scored,
}).existing()
