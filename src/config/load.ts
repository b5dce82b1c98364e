import { existsSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/did-you-mean.js'
import { modeLabel, refusedMode } from '../domain/numerics.js'
import type { Item, Split, TaskSpec } from '../domain/types.js'
import { readItemsFile } from '../tasks/items-file.js'
import { builtinTaskIds, resolveTask } from '../tasks/registry.js'
import { readSplitFiles, readWordListFile, type SplitFile, type WordList } from '../tasks/word-list-file.js'
import { configSchema, type ConfigFile, type TaskEntry } from './schema.js'
import { defaultSeed, settingsOf, type Setting } from './axes.js'
import { sourcesOf, type OneSource } from './list-sources.js'
import { listKey, type ListsAhead } from './lists-ahead.js'
import { experimentName, resolveExperiment } from './experiment-settings.js'
import { overridden } from './overrides.js'
import { sweepId, type SweepConfig } from './sweep-config.js'
import { readTheta } from './theta.js'
import { expanded } from '../system/home.js'
import { readYaml, validated, type YamlFile } from '../system/yaml-file.js'

/** Numbers of items where a config sets none (docs/protocol.md, Main experiment: the authors' published run). */
const defaultItems = { baseline: 100, dev: 50, test: 50 } as const satisfies Record<Split, number>

/** Temporal refuses a payload of 2 MiB; a task's list or items travel in one. */
const maxTaskBytes = 1_500_000

/**
 * Reads and checks a config, with the word lists and items it names: one sweep for each of its settings. `knownModels`: the
 * ids of the model catalog. `elsewhere`: models that only other machines need to have, or `all`. `overrides`: KEY=VALUE instead of the file's. `ahead`:
 * what `readListsAhead` gives. Errors: CONFIG, each with file, line, column, key and the nearest valid name.
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
  // Of all seeds alike, so that another one joins the group.
  const seedless = { ...first, protocol: { ...first.protocol, seed: defaultSeed } }
  const group = sweepId(axes ? ({ ...seedless, axes } as SweepConfig) : seedless)
  const settings = sweeps.map(({ protocol, mode }) => ({ protocol, ...(mode ? { mode } : {}) }))
  return sweeps.map((sweep) => ({ ...sweep, group, settings }))
}

interface Models {
  readonly known: readonly string[]
  readonly elsewhere: readonly string[]
}

/** What all settings have in common. */
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

/** With `main`, on whose items and best L the others build; `storeThetas` is short for the experiment that stores them. */
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

function modelsOf(yaml: YamlFile, config: ConfigFile, { known, elsewhere }: Models): SweepConfig['models'] {
  const models = config.models.flatMap((entry, i): SweepConfig['models'] => {
    const { id, path, repo, revision = 'main' } = typeof entry === 'string' ? { id: entry } : entry
    if (repo !== undefined) {
      if (typeof revision === 'string') return [{ id, repo, revision }]
      return revision.map((one) => ({ id: `${id}-${one.replaceAll('/', '-')}`, repo, revision: one }))
    }
    if (path === undefined) {
      if (known.includes(id)) return [{ id }]
      throw yaml.error(
        ['models', i],
        `unknown model "${id}"${didYouMean(id, known)}`,
        'See: taskvec models list. Any other: {id: mine, path: ../weights/folder-or-file.gguf} or {id: mine, repo: owner/name}',
      )
    }
    const absolute = resolve(dirname(yaml.file), expanded(path))
    if (!existsSync(absolute) && !elsewhere.includes(id) && !elsewhere.includes('all')) {
      throw yaml.error(
        ['models', i, 'path'],
        `no such file or folder: ${absolute}`,
        `Where only other machines have it: --elsewhere ${id} here, taskvec worker --models ${id}=PATH there.`,
      )
    }
    return [{ id, path: absolute }]
  })
  refuseRepeats(
    yaml,
    'models',
    models.map(({ id }) => id),
  )
  return models
}

interface Tasks {
  readonly tasks: readonly TaskSpec[]
  readonly notes: readonly string[]
}

function tasksOf(yaml: YamlFile, config: ConfigFile, ahead: ListsAhead): Tasks {
  if (config.tasks === 'all')
    return { tasks: builtinTaskIds.map((id) => ({ kind: 'builtin', id })), notes: [] }
  refuseRepeats(
    yaml,
    'tasks',
    config.tasks.map((task) => (typeof task === 'string' ? task : task.id)),
  )
  const notes: string[] = []
  const tasks = config.tasks.map((entry, i) => {
    const spec = { ...taskSpec(yaml, config, entry, i, { notes, ahead }), ...thetaOf(yaml, entry, i) }
    const bytes = Buffer.byteLength(JSON.stringify(spec))
    if (bytes <= maxTaskBytes) return spec
    throw yaml.error(
      ['tasks', i],
      `"${spec.id}" takes ${bytes} bytes; a task may take at most ${maxTaskBytes}`,
      'Split it into several tasks, or give fewer items.',
    )
  })
  return { tasks, notes }
}

/** What takes θ's part, resolved. */
function thetaOf(yaml: YamlFile, entry: TaskEntry, i: number): Pick<TaskSpec, 'theta'> {
  if (typeof entry === 'string' || entry.theta === undefined) return {}
  const { theta } = entry
  try {
    return {
      theta: readTheta(typeof theta === 'string' ? { vector: theta, scale: 1 } : theta, dirname(yaml.file)),
    }
  } catch (error) {
    if (!(error instanceof TaskvecError)) throw error
    throw yaml.error(['tasks', i, 'theta'], error.message, error.hint)
  }
}

function taskSpec(
  yaml: YamlFile,
  config: ConfigFile,
  entry: TaskEntry,
  i: number,
  { notes, ahead }: { readonly notes: string[]; readonly ahead: ListsAhead },
): TaskSpec {
  const given = typeof entry === 'string' ? { id: entry } : entry
  const { id, scoring = 'exact' } = given
  const category = given.category === undefined ? {} : { category: given.category }
  const path = (name: string) => resolve(dirname(yaml.file), expanded(name))

  if (given.items !== undefined) {
    refuseRedrawing(yaml, config, id)
    const all = readItemsFile(path(given.items))
    return {
      kind: 'items',
      id,
      scoring,
      items: asManyAsAsked(yaml, config, i, given.items, all),
      ...category,
    }
  }
  if (given.list !== undefined) {
    const source = (one: OneSource) => {
      const key = listKey(typeof one === 'string' ? path(one) : one)
      const known = ahead.get(key)
      if (typeof one !== 'string' && !known)
        throw yaml.error(['tasks', i, 'list'], `${one.dataset} was not fetched`)
      notes.push(...(known?.notes.map((note) => `${known.name}: ${note}`) ?? []))
      return { file: known?.name ?? key, ahead: known }
    }
    const list = readSources(sourcesOf(given.list), source, given)
    notes.push(...list.notes)
    return { kind: 'list', id, scoring, singleToken: scoring === 'exact', pairs: list.pairs, ...category }
  }
  return builtinSpec(
    yaml,
    i,
    given.top === undefined ? { kind: 'builtin', id } : { kind: 'builtin', id, top: given.top },
  )
}

/** The pairs of a list, whether its splits are a column, files of their own, or none. */
function readSources(
  sources: ReturnType<typeof sourcesOf>,
  read: (source: OneSource) => SplitFile,
  { columns: { split, ...columns } = {}, duplicates }: Exclude<TaskEntry, string>,
): WordList {
  const { column, ...splits } = typeof split === 'object' ? split : { column: split }
  const given = Object.values({ ...columns, column }).some((value) => value !== undefined)
  const options = { duplicates, ...(given ? { columns: { ...columns, split: column }, splits } : {}) }
  if (typeof sources === 'string' || 'dataset' in sources) {
    const { file, ahead } = read(sources)
    return readWordListFile(file, { ...options, ahead })
  }
  const files = Object.entries(sources).flatMap(([name, source]) =>
    source === undefined ? [] : [[name, read(source)] as const],
  )
  return readSplitFiles(Object.fromEntries(files), options)
}

/** S of explicit items is what the file says. */
function refuseRedrawing(yaml: YamlFile, config: ConfigFile, id: string): void {
  const key =
    config.demonstrationLabels !== 'true'
      ? 'demonstrationLabels'
      : config.order !== 'drawn'
        ? 'order'
        : config.demonstrations.length > 1
          ? 'demonstrations'
          : config.dummyQueries.length > 1
            ? 'dummyQueries'
            : null
  if (key !== null)
    throw yaml.error(
      [key],
      `the items of "${id}" are given one by one, so their demonstrations stay as they are`,
    )
}

function builtinSpec(yaml: YamlFile, i: number, spec: TaskSpec): TaskSpec {
  try {
    resolveTask(spec)
    return spec
  } catch (error) {
    if (!(error instanceof TaskvecError)) throw error
    throw yaml.error(['tasks', i], error.message, error.hint)
  }
}

/** The first n items of each split where the config says n, else all that the file has. */
function asManyAsAsked(
  yaml: YamlFile,
  config: ConfigFile,
  i: number,
  file: string,
  all: Readonly<Record<Split, readonly Item[]>>,
): Record<Split, readonly Item[]> {
  const take = (split: Split, key: 'baselineItems' | 'devItems' | 'testItems'): readonly Item[] => {
    const asked = config[key]
    const has = all[split].length
    if (asked !== undefined && asked > has)
      throw yaml.error([key], `${asked} asked for, but ${file} has ${has} "${split}" items`)
    if (split !== 'baseline' && has === 0)
      throw yaml.error(['tasks', i, 'items'], `${file} has no "${split}" items`)
    return all[split].slice(0, asked)
  }
  return {
    baseline: take('baseline', 'baselineItems'),
    dev: take('dev', 'devItems'),
    test: take('test', 'testItems'),
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

function refuseRepeats(
  yaml: YamlFile,
  key: 'models' | 'tasks' | 'experiments',
  ids: readonly string[],
): void {
  const repeated = ids.findIndex((id, i) => ids.indexOf(id) < i)
  if (repeated >= 0) throw yaml.error([key, repeated], `"${ids[repeated]}" is given twice`)
}
