import { TaskvecError } from '../domain/errors.js'
import { largestPayload, megabytes } from '../domain/payloads.js'
import type { Protocol, Split } from '../domain/types.js'
import type { Task } from '../tasks/task.js'
import { drawerOf, countsOf } from './task-items.js'

/** A workflow's history is limited to 50 MB and contains pairs twice, bytes. */
const largestList = 12_000_000

/** Limit for all items of a task, which both Temporal's server and the database store, bytes. */
const largestTask = 1_000_000_000

interface ExpectedSize {
  /** All splits together. */
  readonly bytes: number
  /** The largest split. */
  readonly items: number
  /** Size of the largest item sampled. */
  readonly largest: number
}

/** Maximum number of demonstrations, and of dummy queries, with which an item is drawn to estimate its size. */
const seen = 20

/** Null if no items can be drawn. */
export function expectedSize(task: Task, protocol: Protocol): ExpectedSize | null {
  const counts = countsOf(task, protocol)
  const sizes = expectedItems(task, protocol)
  if (!sizes) return null
  const splits = Object.values(sizes)
  return {
    bytes:
      task.kind === 'items'
        ? bytesOf(task.items)
        : Object.entries(counts).reduce((sum, [split, count]) => sum + count * sizes[split as Split].mean, 0),
    items: Math.max(...Object.values(counts)),
    largest: Math.max(...splits.map(({ largest }) => largest)),
  }
}

/**
 * Bytes of an item of each split, extrapolated from a few items drawn with fewer demonstrations; null if none can be drawn.
 */
export function expectedItems(
  task: Task,
  settings: Protocol,
): Record<Split, { readonly mean: number; readonly largest: number }> | null {
  const protocol = withoutChat(settings)
  const counts = countsOf(task, protocol)
  const looked = 8
  try {
    const pairs = task.kind === 'list' ? task.pairs : null
    const { demonstrations, dummyQueries } = protocol
    const small = {
      demonstrations: Math.min(seen, demonstrations),
      dummyQueries: Math.min(seen, dummyQueries),
    }
    // Errors: TASK if there are too few pairs.
    drawerOf(task, pairs, protocol)
    const draw = drawerOf(task, pairs, { ...protocol, ...small })
    const scale =
      task.kind === 'items'
        ? 1
        : (demonstrations + dummyQueries) / (small.demonstrations + small.dummyQueries)
    const sizesOf = (split: Split) => {
      const sizes = Array.from({ length: Math.min(looked, counts[split]) }, (_, i) =>
        bytesOf(draw(split, Math.floor((i * counts[split]) / looked))),
      ).map((bytes) => (split === 'baseline' ? bytes : scale * bytes))
      const mean = sizes.reduce((a, b) => a + b, 0) / Math.max(1, sizes.length)
      return { mean, largest: Math.max(0, ...sizes) }
    }
    return { baseline: sizesOf('baseline'), dev: sizesOf('dev'), test: sizesOf('test') }
  } catch (error) {
    if (error instanceof TaskvecError && error.code === 'TASK') return null
    throw error
  }
}

/** Without a chat template, which is unknown here and hardly affects a task's size. */
function withoutChat({ prompt, ...protocol }: Protocol): Protocol {
  return prompt && !('chat' in prompt) ? { ...protocol, prompt } : protocol
}

const lower = 'Lower testItems, devItems, baselineItems or demonstrations, or use shorter texts.'

export function refuseBeyondLimits(task: Task, { bytes, items, largest }: ExpectedSize): void {
  if (bytes > largestTask)
    throw new TaskvecError(
      'TASK',
      `${task.id}: its items (${items} in the largest split) take about ${megabytes(bytes)}; a task may have ${megabytes(largestTask)}, since each item passes through Temporal's database`,
      { hint: lower },
    )
  // Some 16 are computed together; their size is checked again once all have been drawn.
  refuseChunk(task, 16 * largest)
}

export function refuseLargeList(task: Task): void {
  if (task.kind !== 'list') return
  const bytes = bytesOf(task.pairs)
  if (bytes > largestList)
    throw new TaskvecError(
      'TASK',
      `${task.id}: its ${task.pairs.length} pairs take ${megabytes(bytes)}; a list may have ${megabytes(largestList)}, since all of it passes through one workflow's history`,
      { hint: 'Shorten the list; items are drawn from a few thousand pairs just as well.' },
    )
}

export function refuseChunk(task: Pick<Task, 'id'>, bytes: number): void {
  const most = largestPayload / 2
  if (bytes > most)
    throw new TaskvecError(
      'TASK',
      `${task.id}: the items that are computed together take ${megabytes(bytes)}; a worker can be sent at most ${megabytes(most)}`,
      { hint: 'Lower demonstrations, or use shorter texts.' },
    )
}

export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}
