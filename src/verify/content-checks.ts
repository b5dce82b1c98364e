import type Database from 'better-sqlite3'
import { sweepId, type SweepConfig } from '../config/sweep-config.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { itemOf, pairOf, type StoredItem, type StoredPair } from '../store/content.js'
import type { Problem } from './check.js'

/** Rows stored under the hash of their content: configs, items, pairs. */
export function* contents(db: Database.Database): Generator<Problem | null> {
  for (const { id, config, protocol } of db
    .prepare('select id, config, protocol from sweeps')
    .all() as Record<string, string>[]) {
    JSON.parse(protocol as string) // throws if it is not JSON, which every command reads
    const hashed = sweepId(JSON.parse(config as string) as SweepConfig)
    yield hashed === id ? null : { where: `sweep ${id}`, message: `its config has the id ${hashed}` }
  }
  const items = db.prepare('select * from items order by items_hash, item').iterate()
  yield* hashes('items', items as Iterable<StoredItem & { items_hash: string }>, 'items_hash', itemOf)
  const pairs = db.prepare('select * from task_pairs order by pairs_hash, position').iterate()
  yield* hashes('pairs', pairs as Iterable<StoredPair & { pairs_hash: string }>, 'pairs_hash', pairOf)
}

/** Checks that the rows of each hash, which are adjacent, have that hash. */
function* hashes<Key extends string, Row extends Record<Key, string>>(
  what: string,
  rows: Iterable<Row>,
  column: Key,
  value: (row: Row) => unknown,
): Generator<Problem | null> {
  let hash: string | undefined
  let values: unknown[] = []
  const check = () =>
    sha256(canonicalJson(values)) === hash
      ? null
      : { where: `${what} ${hash?.slice(0, 12)}`, message: 'do not match their hash' }
  for (const row of rows) {
    if (hash !== undefined && row[column] !== hash) {
      yield check()
      values = []
    }
    hash = row[column]
    values.push(value(row))
  }
  if (hash !== undefined) yield check()
}
