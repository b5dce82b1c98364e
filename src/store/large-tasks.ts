import { createHash } from 'node:crypto'
import { setImmediate as otherWork } from 'node:timers/promises'
import { canonicalJson } from '../domain/identity.js'
import { cutItems } from '../domain/item-parts.js'
import { layerChunks, resolveLayers, type LayerSelection } from '../domain/layers.js'
import { predictionSize } from '../domain/payloads.js'
import type { ModelInfo, Pair, Protocol, Scoring, Split, TaskSpec } from '../domain/types.js'
import {
  explained,
  joinedMarks,
  partialWarning,
  readList,
  type PairMarks,
  type ReadList,
} from '../tasks/read-list.js'
import { resolveTask, taskOf } from '../tasks/registry.js'
import { scoringFor } from '../tasks/scoring.js'
import type { Task } from '../tasks/task.js'
import { insertItem, keyOf, savePairs } from './content.js'
import { savePreparedRow, type TaskPlace } from './prepared-tasks.js'
import { linkCells, linkRun } from './run-links.js'
import type { Statements } from './statements.js'
import { itemSizes, largestPart } from './task-parts.js'
import { type Drawer, drawerOf, countsOf } from './task-items.js'
import { expectedSize, refuseBeyondLimits, refuseLargeList, refuseChunk, bytesOf } from './task-limits.js'

/**
 * Tasks with too many items or pairs for one payload. Their pairs go to the model's tokenizer in slices; their items are drawn here,
 * beside the database, and computed in parts (task-parts.ts). Keys and results are the same as in one piece.
 */

/** Limits up to which a task is passed whole: bytes of its items, or of its pairs, as JSON; and items per split. */
const whole = { bytes: 600_000, items: 2_000 }

/** Pairs that go to a tokenizer at once, bytes. */
const sliceBytes = 250_000

/** Limit for the payloads of one task in flight, bytes. */
const atOnce = 1_800_000

const mostLanes = 4

/** Items written in one transaction. */
const batch = 2_000

/** What a task's workflow needs first. */
export type TaskToPrepare =
  | { readonly size: 'whole'; readonly spec: TaskSpec }
  | {
      readonly size: 'large'
      readonly slices: number
      readonly singleToken: boolean
      readonly scoring: Scoring
      /** Absent if its prompts are the paper's. */
      readonly protocol?: Pick<Protocol, 'prompt' | 'paired'>
    }

/** How to prepare a task. Errors: TASK if it cannot be run at all. */
export function taskToPrepare(spec: TaskSpec, protocol: Protocol): TaskToPrepare {
  const task = taskOf(spec, protocol)
  refuseLargeList(task)
  const expected = expectedSize(task, protocol)
  // Too few pairs for an item: preparing the task as a whole reports that, and why.
  if (expected === null) return { size: 'whole', spec }
  refuseBeyondLimits(task, expected)
  const pairs = task.kind === 'list' ? task.pairs : []
  if (
    expected.bytes <= whole.bytes &&
    expected.items * predictionSize(protocol.answer) <= whole.items &&
    bytesOf(pairs) <= whole.bytes &&
    bytesOf(spec) <= whole.bytes
  )
    return { size: 'whole', spec }
  return {
    size: 'large',
    slices: slicesOf(pairs).length,
    singleToken: task.kind === 'list' && task.singleToken,
    scoring: scoringFor(task.scoring, protocol.answer),
    ...promptsIn(protocol),
  }
}

function promptsIn({ prompt, paired }: Protocol): { protocol?: Pick<Protocol, 'prompt' | 'paired'> } {
  if (!prompt && (paired?.prompts.length ?? 0) < 2) return {}
  return { protocol: { ...(prompt ? { prompt } : {}), ...(paired ? { paired } : {}) } }
}

/** Some of the task's pairs, for the tokenizer. */
export function pairSlice(spec: TaskSpec, slice: number): readonly Pair[] {
  const task = resolveTask(spec)
  return task.kind === 'list' ? (slicesOf(task.pairs)[slice] ?? []) : []
}

export interface PlanLargeTaskInput extends TaskPlace {
  readonly info: ModelInfo
  /** Marks of each slice of pairs, in order. */
  readonly marks: readonly PairMarks[]
  /** Answers that begin with part of a character. */
  readonly partial: number
  readonly layers: LayerSelection
  readonly layersPerActivity: number | 'all'
}

/** How many parts of a large task may be in progress at once. */
export interface LargeTaskPlan {
  readonly lanes: number
}

/** Draws the items and stores the task's rows, yielding to other work in between. Errors: TASK, STORE. */
export async function planLargeTask(
  db: Statements,
  spec: TaskSpec,
  settled: Protocol,
  { sweepId, model, info, marks, partial, layers, layersPerActivity }: PlanLargeTaskInput,
): Promise<LargeTaskPlan> {
  const task = taskOf(spec, settled)
  const place = { sweepId, model, task: task.id }
  const [{ prompt = settled.prompt } = {}] = marks
  const protocol = { ...settled, ...(prompt ? { prompt } : {}) }
  const list: Omit<ReadList, 'pairs'> & { readonly pairs: readonly Pair[] | null } =
    task.kind === 'list'
      ? readList(task, joinedMarks(marks))
      : { reading: 'as-written' as const, pairs: null, warnings: notLookedThrough(task, info) }
  const warnings =
    partial > 0 && list.pairs
      ? [...list.warnings, partialWarning(task.id, partial, list.pairs.length)]
      : list.warnings
  const draw = explained(list.warnings, () => drawerOf(task, list.pairs, protocol, list.drawnAs))
  const counts = countsOf(task, protocol)
  const hashes = {
    baseline: await hashOf(draw, 'baseline', counts.baseline),
    dev: await hashOf(draw, 'dev', counts.dev),
    test: await hashOf(draw, 'test', counts.test),
  }
  let largest = 0
  for (const split of ['baseline', 'dev', 'test'] as const) {
    await saveAll(db, draw, split, counts[split], hashes[split])
    const sizes = itemSizes(db, hashes[split])
    for (const { first, end } of cutItems(sizes, info.numerics.itemsPerChunk, { items: 1, bytes: 0 }))
      largest = Math.max(
        largest,
        sizes.slice(first, end).reduce((a, b) => a + b, 0),
      )
  }
  refuseChunk(task, largest)
  const chosen = resolveLayers(layers, info.blocks, model)
  db.write(() => {
    const pairsHash = list.pairs && savePairs(db, list.pairs)
    const { category } = task
    const scoring = scoringFor(task.scoring, protocol.answer)
    const known = { category, scoring, reading: list.reading, warnings }
    const row = savePreparedRow(db, place, info, { ...known, pairsHash, itemsHash: hashes })
    linkRun(db, place, 'baseline', keyOf(row, { kind: 'baseline', split: 'baseline', layer: null }, []))
    for (const chunk of layerChunks(chosen, layersPerActivity, counts.dev, predictionSize(protocol.answer)))
      linkCells(db, place, row, chunk)
  })
  // Each part is in flight twice: as the store's result and as the engine's input.
  const lanes = Math.floor(atOnce / (2 * Math.max(1, largest, largestPart)))
  return { lanes: Math.max(1, Math.min(mostLanes, lanes)) }
}

/** A warning that items were not searched for words that the model cannot write: with so many items, it would be too slow. */
function notLookedThrough(task: Task, { unknownToken }: ModelInfo): string[] {
  if (unknownToken === undefined) return []
  return [
    `${task.id}: this model's tokenizer has words that it can only write as its unknown token; with so many items, they are not searched for`,
  ]
}

/** The hash of the items as one JSON array, as in `saveItems`, without holding all of them in memory. */
async function hashOf(draw: Drawer, split: Split, count: number): Promise<string> {
  const hash = createHash('sha256').update('[')
  for (let i = 0; i < count; i++) {
    hash.update(`${i === 0 ? '' : ','}${canonicalJson(draw(split, i))}`)
    if (i % 500 === 0) await otherWork()
  }
  return hash.update(']').digest('hex')
}

async function saveAll(
  db: Statements,
  draw: Drawer,
  split: Split,
  count: number,
  hash: string,
): Promise<void> {
  if (db.pluck('select count(*) from items where items_hash = ?', [hash]) === count) return
  for (let first = 0; first < count; first += batch) {
    db.write(() => {
      for (let i = first; i < Math.min(count, first + batch); i++) insertItem(db, hash, i, draw(split, i))
    })
    await otherWork()
  }
}

function slicesOf(pairs: readonly Pair[]): Pair[][] {
  const cuts = cutItems(pairs.map(bytesOf), 1, { items: Infinity, bytes: sliceBytes })
  return cuts.length === 0 ? [[]] : cuts.map(({ first, end }) => pairs.slice(first, end))
}
