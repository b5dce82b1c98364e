import type Database from 'better-sqlite3'

/** θ of a unit run at L, in the items' order: `[items, d_model]`. */
export function readThetas(
  db: Database.Database,
  runId: number,
  layer: number,
): { readonly vectors: Float32Array; readonly dModel: number } {
  const rows = db
    .prepare('select "values" from thetas where run_id = ? and layer = ? order by item')
    .pluck()
    .all(runId, layer) as Buffer[]
  const dModel = (rows[0]?.length ?? 0) / 4
  const vectors = new Float32Array(rows.length * dModel)
  rows.forEach((row, i) => vectors.set(new Float32Array(new Uint8Array(row).buffer), i * dModel))
  return { vectors, dModel }
}

/** The layers after which a unit run has θ, ascending. */
export function layersOfThetas(db: Database.Database, runId: number): number[] {
  return db
    .prepare('select distinct layer from thetas where run_id = ? order by layer')
    .pluck()
    .all(runId) as number[]
}
