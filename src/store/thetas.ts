import type Database from 'better-sqlite3'
import type { ThetaReader } from '../experiments/experiment.js'

/** Reads stored θ. */
export function thetaReader(db: Database.Database): ThetaReader {
  return {
    layers: (runId) =>
      db
        .prepare('select distinct layer from thetas where run_id = ? order by layer')
        .pluck()
        .all(runId) as number[],
    vectors(runId, layer) {
      const rows = db
        .prepare('select "values" from thetas where run_id = ? and layer = ? order by item')
        .pluck()
        .all(runId, layer) as Buffer[]
      const dModel = (rows[0]?.length ?? 0) / 4
      const vectors = new Float32Array(rows.length * dModel)
      rows.forEach((row, i) => vectors.set(new Float32Array(new Uint8Array(row).buffer), i * dModel))
      return { vectors, dModel }
    },
  }
}
