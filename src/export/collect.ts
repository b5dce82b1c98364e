import type Database from 'better-sqlite3'
import { TaskvecError } from '../domain/errors.js'
import { allLayers } from '../domain/layers.js'
import type { Item } from '../domain/types.js'
import { meanRow, thetasOf } from '../experiments/thetas.js'
import {
  experimentsWithThetas,
  itemsOf,
  meanAtBest,
  tasksWithThetas,
  unitThetas,
  withK,
  type TaskWithThetas,
} from '../store/stored-vectors.js'
import { thetaReader } from '../store/thetas.js'
import { byModel, openAsStored } from '../verify/stored-model.js'
import { about } from './about.js'
import { settingName } from './setting-name.js'

/** The θ of a sweep to export. */
export interface VectorChoice {
  readonly layers: 'best' | 'all' | readonly number[]
  /** θ of each item instead of their mean. */
  readonly perItem: boolean
  /** The experiment whose θ to export: `main`, or one that stores its own, such as `robustness`. */
  readonly experiment: string
  readonly model?: string | undefined
  readonly task?: string | undefined
}

export interface ExportedVector {
  /** `model/task/setting/L<layer>`; for single items, `.../item<i>`. */
  readonly name: string
  /** `[d_model]` */
  readonly values: Float32Array
  readonly metadata: Readonly<Record<string, string>>
}

/** θ of a task at one L. */
interface Thetas {
  readonly layer: number
  /** `[items, d_model]`, or `[d_model]` for the mean. */
  readonly vectors: Float32Array
  readonly made: 'stored by the sweep' | 'computed at export from the stored items' | 'given by the config'
}

/**
 * The θ to export, in the config's order. Those that the sweep did not store are recomputed from its items, in its numerics.
 * Errors: USAGE if no θ match; MODEL if missing ones cannot be recomputed here.
 */
export async function collectVectors(
  db: Database.Database,
  sweepIds: readonly string[],
  choice: VectorChoice,
  say: (line: string) => void,
): Promise<ExportedVector[]> {
  const tasks = tasksWithThetas(db, sweepIds, choice).map((task) => withK(db, task, choice.experiment))
  if (tasks.length === 0)
    throw new TaskvecError('USAGE', 'no finished task matches', {
      hint: 'taskvec results lists finished tasks, taskvec vectors list stored θ.',
    })
  const found = new Map<TaskWithThetas, Thetas[]>()
  const missing: (TaskWithThetas & { readonly layers: number[]; readonly of: TaskWithThetas })[] = []
  for (const task of withLayers(tasks, choice, say)) {
    const wanted = layersOf(db, task, choice)
    const stored = wanted.flatMap((layer) => storedThetas(db, task, layer, choice) ?? [])
    found.set(task, stored)
    const layers = wanted.filter((layer) => !stored.some((each) => each.layer === layer))
    if (layers.length > 0) missing.push({ ...task, layers, of: task })
  }
  for (const { model, things } of byModel(missing)) {
    const [first] = things
    if (!first) continue
    say(
      `${model}: recomputing θ of ${things.length} tasks at ${first.layers.length} layers, which the sweep did not store`,
    )
    const { engine } = await openAsStored(first, undefined).catch((error: unknown) => {
      if (!(error instanceof TaskvecError)) throw error
      throw new TaskvecError(
        error.code,
        `θ that the sweep did not store cannot be recomputed here: ${error.message}`,
        {
          hint: `${error.hint ?? 'Run this on a machine that has the model'}; or export --layers best, and run sweeps with storeThetas: all.`,
          cause: error,
        },
      )
    })
    try {
      for (const { layers, of } of things) {
        say(`${model}: ${of.task}`)
        const items = itemsOf(db, of.itemsHash)
        const vectors = await thetasOf(engine, items, layers, {}, choice.perItem ? 'each' : 'mean')
        found.get(of)?.push(...byLayer(vectors, layers, of.dModel))
      }
    } finally {
      await engine.close()
    }
  }
  return named(tasks).flatMap(({ task, name }) => {
    const thetas = [...(found.get(task) ?? [])].sort((a, b) => a.layer - b.layer)
    const items = itemsOf(db, task.itemsHash)
    return thetas.flatMap((each) => exported(task, name, each, items, choice))
  })
}

function layersOf(
  db: Database.Database,
  task: TaskWithThetas,
  { layers, experiment }: VectorChoice,
): number[] {
  if (experiment !== 'main') {
    const unit = unitThetas(db, task, experiment)
    if (!unit) throw noThetas(db, task, experiment)
    const there = thetaReader(db).layers(unit.runId)
    if (layers === 'all' || (layers === 'best' && there.length === 1)) return there
    const wanted = layers === 'best' ? ofBest(task) : layers
    const absent = wanted.filter((layer) => !there.includes(layer))
    if (absent.length === 0) return [...wanted]
    throw new TaskvecError(
      'USAGE',
      `${experiment} of ${task.model}, ${task.task} has θ after block ${there.join(', ')}, not ${absent.join(', ')}`,
      { hint: 'Use --layers all, or the main experiment, whose missing θ are recomputed.' },
    )
  }
  if (layers === 'best') return ofBest(task)
  if (layers === 'all') return allLayers(task.blocks)
  const beyond = layers.find((layer) => layer >= task.blocks)
  if (beyond !== undefined)
    throw new TaskvecError(
      'USAGE',
      `layer ${beyond} is out of range: ${task.model} has ${task.blocks} blocks`,
      {
        hint: `Choose from 0 to ${task.blocks - 1}.`,
      },
    )
  return [...layers]
}

function ofBest({ bestLayer }: TaskWithThetas): number[] {
  return bestLayer === null ? [] : [bestLayer]
}

/** The tasks to export; with --layers best, those that have a best L, reporting the others. Errors: USAGE if none has. */
function withLayers(
  tasks: readonly TaskWithThetas[],
  { layers, experiment }: VectorChoice,
  say: (text: string) => void,
): readonly TaskWithThetas[] {
  if (layers !== 'best' || experiment !== 'main') return tasks
  const without = tasks.filter(({ bestLayer }) => bestLayer === null)
  const several = new Set(tasks.map(({ sweep }) => sweep)).size > 1
  const names = without
    .map(({ model, task, sweep }) => `${model} ${task}${several ? ` of ${sweep}` : ''}`)
    .join(', ')
  const why = `no best L, since no dev item was correct at any layer: ${names}`
  if (without.length > 0 && without.length === tasks.length)
    throw new TaskvecError('USAGE', why, {
      hint: 'Give layers: --layers 0, where the sweep tested it, or --layers all.',
    })
  if (without.length > 0) say(`left out, ${why}`)
  return tasks.filter(({ bestLayer }) => bestLayer !== null)
}

function noThetas(db: Database.Database, task: TaskWithThetas, experiment: string): TaskvecError {
  const others = experimentsWithThetas(db, task).map((each) => each.experiment)
  return new TaskvecError(
    'USAGE',
    `${task.sweep}: experiment ${experiment} has no θ stored for ${task.model}, ${task.task}`,
    { hint: `Experiments with θ: ${['main', ...others].join(', ')}.` },
  )
}

function storedThetas(
  db: Database.Database,
  task: TaskWithThetas,
  layer: number,
  { experiment, perItem }: VectorChoice,
): Thetas | null {
  const made = 'stored by the sweep'
  const best = experiment === 'main' && !perItem && layer === task.testedLayer ? meanAtBest(db, task) : null
  if (best) return { layer, vectors: best, made: task.given === null ? made : 'given by the config' }
  const unit = unitThetas(
    db,
    task,
    experiment !== 'main' ? experiment : perItem ? 'item_thetas' : 'mean_thetas',
  )
  const vectors = unit && thetaReader(db).vectors(unit.runId, layer).vectors
  if (!vectors || vectors.length === 0) return null
  if (perItem || experiment === 'main') return { layer, vectors, made }
  const rows = Array.from({ length: vectors.length / task.dModel }, (_, row) => row)
  return { layer, vectors: meanRow(vectors, rows, task.dModel), made }
}

/** Splits `[items, layers, d_model]` into `[items, d_model]` per layer. */
function byLayer(vectors: Float32Array, layers: readonly number[], dModel: number): Thetas[] {
  const items = vectors.length / layers.length / dModel
  return layers.map((layer, l) => {
    const own = new Float32Array(items * dModel)
    for (let item = 0; item < items; item++) {
      const at = (item * layers.length + l) * dModel
      own.set(vectors.subarray(at, at + dModel), item * dModel)
    }
    return { layer, vectors: own, made: 'computed at export from the stored items' }
  })
}

/** Names of tasks; a name shared by two sweeps gets the sweep's hash appended. */
function named(tasks: readonly TaskWithThetas[]): { task: TaskWithThetas; name: string }[] {
  const plain = tasks.map((task) =>
    [task.model, task.task, settingName(task.protocol, task.numerics)].join('/'),
  )
  return tasks.map((task, i) => {
    const name = plain[i] as string
    const twice = plain.indexOf(name) !== plain.lastIndexOf(name)
    return { task, name: twice ? `${name}-${task.sweep.slice(-8)}` : name }
  })
}

function exported(
  task: TaskWithThetas,
  place: string,
  { layer, vectors, made }: Thetas,
  items: readonly Item[],
  { experiment, perItem }: VectorChoice,
): ExportedVector[] {
  const name = `${place}${experiment === 'main' ? '' : `-${experiment}`}/L${layer}`
  const count = vectors.length / task.dModel
  return Array.from({ length: count }, (_, item) => ({
    name: perItem ? `${name}/item${item}` : name,
    values: vectors.slice(item * task.dModel, (item + 1) * task.dModel),
    metadata: about(task, { experiment, layer, made, item: perItem ? item : null, items }),
  }))
}
