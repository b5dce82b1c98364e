import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { ofTask } from '../../store/schema/views.js'

const measured = {
  effect: real().notNull(),
  /** Bootstrap over the items, 95 %. */
  low: real().notNull(),
  high: real().notNull(),
  items: integer().notNull(),
  /** The answer's mean probability in the clean prompts, and in those with shuffled labels. */
  clean: real().notNull(),
  shuffled: real().notNull(),
}

/** The effect of a component's mean over clean prompts on the answer's probability when labels are shuffled. */
export const mediationEffects = sqliteTable(
  'mediation_effects',
  {
    runId: unitRun(),
    /** `heads`, `attention`, `mlp`, `resid_post`. */
    component: text().notNull(),
    layer: integer().notNull(),
    /** -1 for a whole layer. */
    head: integer().notNull(),
    ...measured,
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.component, table.layer, table.head] }),
    check('mediation_interval', sql`${table.low} <= ${table.high}`),
  ],
)

/** A row per task, component, layer and head; the head is null for a whole layer. */
export const mediationView = sqliteView('mediation', {
  ...ofTask,
  component: text().notNull(),
  layer: integer().notNull(),
  head: integer(),
  ...measured,
}).existing()

/** Mean over a model's tasks of each component's effect; the interval is ± 1.96 standard errors, null for one task. */
export const mediationMeansView = sqliteView('mediation_means', {
  ...ofTask,
  component: text().notNull(),
  layer: integer().notNull(),
  head: integer(),
  effect: real().notNull(),
  low: real(),
  high: real(),
  tasks: integer().notNull(),
}).existing()
