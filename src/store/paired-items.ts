import type Database from 'better-sqlite3'

/** The test items of one model and task, under the regular and the hypothesis run. */
export interface PairedItems {
  readonly model: string
  readonly task: string
  /** Hypothesis minus regular, per item: 1, 0 or -1. */
  readonly differences: readonly number[]
  /** The cluster of each item: its demonstrations S. An item without demonstrations is its own cluster. */
  readonly clusters: readonly string[]
}

/** Finished tasks of a sweep, or of one model, in no particular order. */
export function* pairedItems(
  db: Database.Database,
  sweepId: string,
  wanted: string | null = null,
): Generator<PairedItems> {
  const runs = db
    .prepare(
      `select h.model_id as model, h.task_id as task, rh.id as hypothesis, rg.id as regular, rh.items_hash as itemsHash
       from sweep_runs h join sweep_runs g using (sweep_id, model_id, task_id)
       join runs rh on rh.key = h.run_key join runs rg on rg.key = g.run_key
       where sweep_id = ? ${wanted === null ? '' : 'and model_id = ?'} and h.kind = 'hypothesis' and g.kind = 'regular'`,
    )
    .all(sweepId, ...(wanted === null ? [] : [wanted])) as {
    model: string
    task: string
    hypothesis: number
    regular: number
    itemsHash: string
  }[]
  const itemsOf = db
    .prepare(
      `select h.correct - g.correct as difference, iif(i.demonstrations = '[]', i.item, i.demonstrations) as cluster
       from predictions h join predictions g on g.run_id = ? and g.item = h.item
       join items i on i.items_hash = ? and i.item = h.item where h.run_id = ? order by h.item`,
    )
    .raw()
  for (const { model, task, hypothesis, regular, itemsHash } of runs) {
    const items = itemsOf.all(regular, itemsHash, hypothesis) as [number, string | number][]
    yield {
      model,
      task,
      differences: items.map(([difference]) => difference),
      clusters: items.map(([, cluster]) => String(cluster)),
    }
  }
}
