import { freemem } from 'node:os'
import type { SweepConfig } from '../config/sweep-config.js'
import { modelCatalog, type CatalogModel } from '../models/catalog.js'
import { pulledModel } from '../models/locate.js'

/** Tokens of a prompt with k demonstrations, roughly: for estimates only. */
const tokensPerDemonstration = 8
/** What one core of a current server does in f32, FLOP/s: for estimates only. */
const assumedRate = 100e9
/** A model of this size is fetched without asking. */
const fetchedUnasked = 500_000_000

export interface Requirements {
  /** Catalogue models that are not on this machine. */
  readonly missing: readonly CatalogModel[]
  /** Those of them that are small enough to be fetched without asking. */
  readonly fetchable: readonly CatalogModel[]
  readonly downloadBytes: number
  /** Of the largest model, loaded in f32. */
  readonly memoryBytes: number
  readonly freeMemoryBytes: number
  /** On one core. */
  readonly coreHours: number
}

/** What a sweep needs in disk, memory and time, as far as the catalogue knows its models. */
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

/** Rows through the whole model, times two operations per parameter. */
function flops({ parameters, blocks }: CatalogModel, { protocol, tasks }: SweepConfig): number {
  const context = (protocol.demonstrations + 1 + protocol.dummyQueries) * tokensPerDemonstration
  const rows =
    protocol.devItems * (context + blocks / 2) +
    protocol.testItems * context +
    protocol.baselineItems * tokensPerDemonstration
  return 2 * parameters * rows * tasks.length
}
