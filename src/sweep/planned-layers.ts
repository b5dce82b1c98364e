import type Database from 'better-sqlite3'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeDecoder } from '../architectures/catalog.js'
import { resolveLayers, type LayerSelection } from '../domain/layers.js'
import { modelCatalog } from '../models/catalog.js'
import type { ModelRef } from '../models/locate.js'

/** N from the catalogue or a folder's config.json; null if neither has it. */
export function blocksOf({ id, path }: Pick<ModelRef, 'id' | 'path'>): number | null {
  if (path === undefined) return modelCatalog().find((model) => model.id === id)?.blocks ?? null
  const config = join(path, 'config.json')
  if (!existsSync(config)) return null
  try {
    const fields = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>
    return describeDecoder(fields, path).blocks
  } catch {
    // The sweep will report the problem.
    return null
  }
}

/** Cells per task, by model id, for the models of a stored sweep whose N is known before they are opened. */
export function plannedLayers(db: Database.Database, sweepId: string): Map<string, number> {
  const rows = db
    .prepare(
      `select s.config ->> '$.layers' as layers, m.model_id as id, m.source as path
       from sweeps s join sweep_models m on m.sweep_id = s.id where s.id = ?`,
    )
    .all(sweepId) as { layers: string | null; id: string; path: string }[]
  return new Map(
    rows.flatMap(({ layers, id, path }) => {
      const blocks = blocksOf({ id }) ?? blocksOf({ id, path })
      if (layers === null || blocks === null) return []
      const selection = (layers === 'all' ? 'all' : JSON.parse(layers)) as LayerSelection
      try {
        return [[id, resolveLayers(selection, blocks, id).length]]
      } catch {
        // A layer out of range becomes a failure of the model's tasks.
        return []
      }
    }),
  )
}
