import { basename, dirname } from 'node:path'
import { existsSync } from 'node:fs'
import { readNumerics } from '../domain/numerics.js'
import type { Item } from '../domain/types.js'
import { modelCatalog } from '../models/catalog.js'
import { readManifest } from '../models/manifest.js'
import { formatPrompt } from '../prompt/format.js'
import { promptName } from '../prompt/templates.js'
import type { TaskWithThetas } from '../store/stored-vectors.js'
import { layerConvention } from '../vectors/vector.js'
import { settingName } from './setting-name.js'

/** Metadata of an exported vector, as strings. */
export function about(
  {
    sweep,
    model,
    source,
    modelHash,
    numerics,
    task,
    protocol,
    dModel,
    weights,
    bestLayer,
    given,
  }: TaskWithThetas,
  {
    experiment,
    layer,
    made,
    item,
    items,
  }: {
    readonly experiment: string
    readonly layer: number
    readonly made: string
    /** Null: the mean over `items`. */
    readonly item: number | null
    readonly items: readonly Item[]
  },
): Record<string, string> {
  const repository = modelCatalog().find(({ id }) => id === model)?.repository
  const of = experiment === 'main' ? `${items.length} test items` : `the θ of ${experiment}`
  return {
    model,
    model_repository: repository ?? manifestName(source) ?? basename(source),
    content_hash: modelHash,
    weights,
    task,
    setting: settingName(protocol, numerics),
    experiment,
    layer: String(layer),
    layer_convention: layerConvention,
    best_layer: bestLayer === null ? 'none' : String(bestLayer),
    d_model: String(dModel),
    k: String(protocol.demonstrations),
    dummy_queries: String(protocol.dummyQueries),
    labels: protocol.demonstrationLabels ?? 'true',
    prompt: promptName(protocol.prompt),
    prompt_template: formatPrompt([{ input: '{x}', output: '{y}' }], '{x}', items[0]?.prompt),
    prompt_query: formatPrompt([], '{x}', items[0]?.prompt),
    seed: String(protocol.seed),
    scale: '1',
    mode: 'replace',
    numerics: readNumerics(numerics).mode,
    item: item === null ? `mean over ${of}` : `${item} of ${of}`,
    how:
      made === 'given by the config'
        ? `${made}: ${given ?? ''}`
        : `θ: the last token's residual stream of [S, x', ->] after block L, mean over ${protocol.dummyQueries} dummy queries x'; ${made}`,
    sweep,
  }
}

function manifestName(source: string): string | undefined {
  if (!existsSync(source)) return undefined
  const manifest = readManifest(source) ?? readManifest(dirname(source))
  return manifest?.name
}
