import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { ofTask } from '../../store/schema/views.js'
import { groups } from './groups.js'

const measured = {
  layer: integer().notNull(),
  head: integer().notNull(),
  /** Which tokens are attended to. */
  part: text({ enum: groups }).notNull(),
  /** Summed over the part's tokens, mean over the items. */
  attention: real().notNull(),
  /** Bootstrap over the items, 95 %. */
  low: real().notNull(),
  high: real().notNull(),
  /** The part's mean number of tokens in a prompt; uniform attention would give it this number divided by the tokens of all parts except `induction`. */
  tokens: real().notNull(),
  items: integer().notNull(),
}

/** What the last token of [S, x, ->] attends to, by head. */
export const attentionShares = sqliteTable('attention_shares', { runId: unitRun(), ...measured }, (table) => [
  primaryKey({ columns: [table.runId, table.layer, table.head, table.part] }),
  check('attention_interval', sql`${table.low} <= ${table.high}`),
])

/** A row per task, layer, head and part of the prompt. */
export const attentionView = sqliteView('attention', { ...ofTask, ...measured }).existing()
