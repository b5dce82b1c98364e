import { freemem } from 'node:os'
import type { SweepConfig } from '../config/sweep-config.js'
import { modelCatalog, type CatalogModel } from '../models/catalog.js'
import { pulledModel } from '../models/locate.js'

/** Rough number of prompt tokens per demonstration; for estimates only. */
const tokensPerDemonstration = 8
/** f32 rate of one core of a current server, FLOP/s; for estimates only. */
const assumedRate = 100e9
/** Models up to this size are fetched without asking, bytes. */
const fetchedUnasked = 500_000_000

export interface Requirements {
  /** Catalogue models that are not on this machine. */
  readonly missing: readonly CatalogModel[]
  /** Missing models small enough to be fetched without asking. */
  readonly fetchable: readonly CatalogModel[]
  readonly downloadBytes: number
  /** Memory of the largest model in f32. */
  readonly memoryBytes: number
  readonly freeMemoryBytes: number
  /** Estimate for one core. */
  readonly coreHours: number
}

/** Disk, memory and time that a sweep needs, for its models that are in the catalogue. */
export function requirementsOf(config: SweepConfig): Requirements {
  const catalog = new Map(modelCatalog().map((model) => [model.id, model]))
  const known = config.models.flatMap(({ id, path, repo }) =>
    path === undefined && repo === undefined ? (catalog.get(id) ?? []) : [],
  )
  const missing = known.filter(({ id }) => pulledModel(id) === null)
  return {
    missing,
    fetchable: missing.filter(({ bytes }) => bytes <= fetchedUnasked),
    downloadBytes: missing.reduce((sum, { bytes }) => sum + bytes, 0),
    memoryBytes: Math.max(0, ...known.map(({ parameters }) => parameters * 4 * 1.2)),
    freeMemoryBytes: freemem(),
    coreHours: known.reduce((sum, model) => sum + flops(model, config), 0) / assumedRate / 3600,
  }
}

/** Estimated FLOP: two per parameter for each token that passes through the whole model. */
function flops({ parameters, blocks }: CatalogModel, { protocol, tasks }: SweepConfig): number {
  const context = (protocol.demonstrations + 1 + protocol.dummyQueries) * tokensPerDemonstration
  const rows =
    protocol.devItems * (context + blocks / 2) +
    protocol.testItems * context +
    protocol.baselineItems * tokensPerDemonstration
  return 2 * parameters * rows * tasks.length
}
