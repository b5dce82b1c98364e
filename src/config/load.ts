import { basename, extname } from 'node:path'
import { modeLabel, refusedMode } from '../domain/numerics.js'
import type { Split } from '../domain/types.js'
import { configSchema, type ConfigFile } from './schema.js'
import { defaultSeed, settingsOf, type Setting } from './axes.js'
import type { ListsAhead } from './lists-ahead.js'
import { experimentName, resolveExperiment } from './experiment-settings.js'
import { overridden } from './overrides.js'
import { sweepId, type SweepConfig } from './sweep-config.js'
import { readYaml, validated, type YamlFile } from '../system/yaml-file.js'
import { refuseRepeats } from './refuse-repeats.js'
import { type Models, modelsOf } from './models.js'
import { tasksOf } from './tasks.js'

/** Default numbers of items: those of the authors' published run (docs/protocol.md, Main experiment). */
const defaultItems = { baseline: 100, dev: 50, test: 50 } as const satisfies Record<Split, number>

/**
 * Reads and validates a config and the word lists and items it names; returns one sweep per setting. `knownModels`: ids of the model
 * catalogue. `elsewhere`: models that only other machines need to have, or `all`. `overrides`: KEY=VALUE, replacing the file's values.
 * `ahead`: the result of `readListsAhead`. Errors: CONFIG, each with file, line, column, key and the nearest valid name.
 */
export function loadSweeps(
  file: string,
  knownModels: readonly string[],
  elsewhere: readonly string[] = [],
  overrides: readonly string[] = [],
  ahead: ListsAhead = new Map(),
): SweepConfig[] {
  const yaml = overridden(readYaml(file), overrides)
  const config = validated(yaml, configSchema)
  const { all, axes } = settingsOf(yaml, config)
  const common = loadConfig(yaml, config, { known: knownModels, elsewhere }, ahead)
  const sweeps = all.map(({ protocol, numerics }): SweepConfig => ({
    ...common,
    protocol: { ...itemCounts(config), ...protocol },
    ...modeOf(yaml, config, numerics),
  }))
  const [first] = sweeps
  if (sweeps.length === 1 || !first) return sweeps
  // The same for all seeds, so that a further seed joins the group.
  const seedless = { ...first, protocol: { ...first.protocol, seed: defaultSeed } }
  const group = sweepId(axes ? ({ ...seedless, axes } as SweepConfig) : seedless)
  const settings = sweeps.map(({ protocol, mode }) => ({ protocol, ...(mode ? { mode } : {}) }))
  return sweeps.map((sweep) => ({ ...sweep, group, settings }))
}

/** The part that all settings share. */
function loadConfig(
  yaml: YamlFile,
  config: ConfigFile,
  models: Models,
  ahead: ListsAhead,
): Omit<SweepConfig, 'protocol' | 'mode'> {
  const { file } = yaml
  const { tasks, notes } = tasksOf(yaml, config, ahead)
  return {
    name: config.name ?? nameOf(file),
    file,
    models: modelsOf(yaml, config, models),
    tasks,
    layers: layersOf(yaml, config),
    layersPerActivity: config.layersPerActivity,
    experiments: experimentsOf(yaml, config),
    ...(notes.length === 0 ? {} : { notes }),
    ...(config.maxFailures === undefined ? {} : { maxFailures: config.maxFailures }),
    ...(config.memoryLimit === undefined ? {} : { memoryLimit: config.memoryLimit }),
  }
}

function modeOf(
  yaml: YamlFile,
  { device, processors }: ConfigFile,
  numerics: Setting['numerics'],
): Pick<SweepConfig, 'mode'> {
  const refusal = refusedMode({ numerics, device })
  if (refusal) throw yaml.error(['device'], refusal)
  if (modeLabel({ numerics, device, processors }) === null) return {}
  return {
    mode: {
      numerics,
      ...(device === 'cpu' ? {} : { device }),
      ...(processors === 'same' ? {} : { processors }),
    },
  }
}

/** Always includes `main`, whose items and best L the others use; `storeThetas` is short for the experiment that stores θ. */
function experimentsOf(yaml: YamlFile, { experiments, storeThetas }: ConfigFile): SweepConfig['experiments'] {
  const names = experiments.map(experimentName)
  refuseRepeats(yaml, 'experiments', names)
  const stored = { thetas: { items: storeThetas === 'each' ? ('each' as const) : ('mean' as const) } }
  const main = names.includes('main') ? [] : ['main']
  const thetas = storeThetas === 'best' || names.includes('thetas') ? [] : [stored]
  return [...main, ...experiments, ...thetas].map(resolveExperiment)
}

function nameOf(file: string): string {
  return basename(file, extname(file)).replace(/[^A-Za-z0-9._-]+/g, '-') || 'sweep'
}

function itemCounts(config: ConfigFile) {
  return {
    dummyMayBeDemonstration: config.dummyMayBeDemonstration,
    testItems: config.testItems ?? defaultItems.test,
    devItems: config.devItems ?? defaultItems.dev,
    baselineItems: config.baselineItems ?? defaultItems.baseline,
    ...(config.answer ? { answer: config.answer } : {}),
  }
}

function layersOf(yaml: YamlFile, config: ConfigFile): SweepConfig['layers'] {
  const { layers } = config
  if (layers === 'all') return layers
  if ('from' in layers) {
    if (layers.from <= layers.to) return layers
    throw yaml.error(['layers'], `from (${layers.from}) is greater than to (${layers.to})`)
  }
  const repeated = layers.findIndex((layer, i) => layers.indexOf(layer) < i)
  if (repeated >= 0) throw yaml.error(['layers', repeated], `layer ${layers[repeated]} is given twice`)
  return [...layers].sort((a, b) => a - b)
}
