import type { Item, Pair, Protocol, Split } from '../domain/types.js'
import { formatOf } from '../prompt/templates.js'
import { itemDrawer } from '../tasks/sampling.js'
import type { Task } from '../tasks/task.js'

/** Item `index` of a split. */
export type Drawer = (split: Split, index: number) => Item

/** Draws items one by one, or returns explicit ones. Errors: TASK if there are too few pairs. */
export function drawerOf(
  task: Task,
  pairs: readonly Pair[] | null,
  protocol: Protocol,
  drawnAs?: readonly Pair[],
): Drawer {
  if (task.kind !== 'items')
    return itemDrawer(task.id, task.kind === 'list' ? (pairs ?? []) : task, protocol, drawnAs)
  const format = formatOf(protocol.prompt)
  return (split, index) => ({
    ...(task.items[split][index] as Item),
    ...(format ? { prompt: format } : {}),
  })
}

/** How many items each split has. */
export function countsOf(task: Task, protocol: Protocol): Record<Split, number> {
  if (task.kind !== 'items')
    return { baseline: protocol.baselineItems, dev: protocol.devItems, test: protocol.testItems }
  const { baseline, dev, test } = task.items
  return { baseline: baseline.length, dev: dev.length, test: test.length }
}
