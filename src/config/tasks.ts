import { dirname, resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { megabytes } from '../domain/payloads.js'
import type { Item, Split, TaskSpec } from '../domain/types.js'
import { readItemsFile } from '../tasks/items-file.js'
import { builtinTaskIds, resolveTask } from '../tasks/registry.js'
import { readSplitFiles, readWordListFile, type SplitFile, type WordList } from '../tasks/word-list-file.js'
import type { ConfigFile, TaskEntry } from './schema.js'
import { sourcesOf, type OneSource } from './list-sources.js'
import { listKey, type ListsAhead } from './lists-ahead.js'
import { readTheta } from './theta.js'
import { expanded } from '../system/home.js'
import type { YamlFile } from '../system/yaml-file.js'
import { refuseRepeats } from './refuse-repeats.js'

/** Tasks larger than a payload are computed in parts (src/store/large-tasks.ts), but a whole list passes through one workflow's history. */
const maxTaskBytes = 12_000_000

interface Tasks {
  readonly tasks: readonly TaskSpec[]
  readonly notes: readonly string[]
}

/** The tasks of a config, with the lists, items and vectors they name. Errors: CONFIG. */
export function tasksOf(yaml: YamlFile, config: ConfigFile, ahead: ListsAhead): Tasks {
  if (config.tasks === 'all')
    return { tasks: builtinTaskIds.map((id) => ({ kind: 'builtin', id })), notes: [] }
  refuseRepeats(
    yaml,
    'tasks',
    config.tasks.map((task) => (typeof task === 'string' ? task : task.id)),
  )
  refuseRepeats(
    yaml,
    'tasks',
    config.tasks.map((task) => (typeof task === 'string' ? task : (task.label ?? task.id))),
  )
  const notes: string[] = []
  const tasks = config.tasks.map((entry, i) => {
    const spec = {
      ...taskSpec(yaml, config, entry, i, { notes, ahead }),
      ...thetaOf(yaml, entry, i),
      ...(typeof entry === 'string' || entry.label === undefined ? {} : { label: entry.label }),
    }
    const bytes = Buffer.byteLength(JSON.stringify(spec))
    if (bytes <= maxTaskBytes) return spec
    throw yaml.error(
      ['tasks', i],
      `"${spec.id}" takes ${megabytes(bytes)}; a task may take at most ${megabytes(maxTaskBytes)}`,
      'Shorten the list (a few thousand pairs are enough to draw items from), or split it into several tasks.',
    )
  })
  return { tasks, notes }
}

/** The vectors given instead of θ, resolved. */
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

/** The pairs of a list, with splits from a column, from separate files, or without splits. */
function readSources(
  sources: ReturnType<typeof sourcesOf>,
  read: (source: OneSource) => SplitFile,
  { columns: { split, ...columns } = {}, duplicates, blanks }: Exclude<TaskEntry, string>,
): WordList {
  const { column, ...splits } = typeof split === 'object' ? split : { column: split }
  const given = Object.values({ ...columns, column }).some((value) => value !== undefined)
  const options = { duplicates, blanks, ...(given ? { columns: { ...columns, split: column }, splits } : {}) }
  if (typeof sources === 'string' || 'dataset' in sources) {
    const { file, ahead } = read(sources)
    return readWordListFile(file, { ...options, ahead })
  }
  const files = Object.entries(sources).flatMap(([name, source]) =>
    source === undefined ? [] : [[name, read(source)] as const],
  )
  return readSplitFiles(Object.fromEntries(files), options)
}

/** Errors: CONFIG if settings would change the S of explicit items. */
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
      `cannot be applied to "${id}", whose items and demonstrations are given explicitly`,
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

/** The first n items of each split if the config sets n, else all items of the file. */
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
