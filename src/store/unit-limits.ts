import { TaskvecError } from '../domain/errors.js'
import { largestPayload, megabytes, predictionSize } from '../domain/payloads.js'
import type { Protocol } from '../domain/types.js'
import type { HandedItems, UnitKind } from '../experiments/experiment.js'
import { taskOf } from '../tasks/registry.js'
import type { NewSweep } from './store-inputs.js'
import { countsOf } from './task-items.js'
import { expectedItems, refuseChunk } from './task-limits.js'

/** Bytes of a step's input and result. */
interface Size extends Pick<HandedItems, 'setting' | 'split' | 'items'> {
  readonly bytes: number
  readonly answers: number
}

/** Bytes of a one-token answer with its query and metrics. */
const answerBytes = 250

/** Refuses sweeps whose further experiments exceed the payload limit. Errors: TASK, with the limit, the size and the setting to lower. */
export function refuseLargeUnits(
  kinds: Readonly<Record<string, UnitKind>>,
  { protocol, tasks, units = [] }: Pick<NewSweep, 'protocol' | 'tasks' | 'units'>,
): void {
  const all = tasks.map(({ id }) => id)
  const sizeOf = sizes(tasks, protocol)
  for (const unit of units) {
    const name = [unit.experiment, unit.task, unit.thetaTask].filter(Boolean).join(' ')
    const handed = orNull(() => kinds[unit.experiment]?.hands?.(unit.settings as never, protocol, unit)) ?? []
    const alone = unit.task === '' ? (unit.thetaTask === '' ? all : ['']) : [unit.task]
    for (const task of alone)
      refuseTogether(
        name,
        handed.flatMap((each) =>
          (each.ofTasks === 'all' ? all : (each.ofTasks ?? [task])).flatMap((of) => sizeOf(of, each, name)),
        ),
      )
  }
}

function refuseTogether(name: string, together: readonly Size[]): void {
  for (const way of ['bytes', 'answers'] as const) {
    const bytes = together.reduce((sum, size) => sum + size[way], 0)
    if (bytes <= largestPayload) continue
    const { setting, split, items } = together.reduce((a, b) => (b[way] > a[way] ? b : a))
    const fewer = Math.max(1, Math.floor((items * largestPayload) / bytes))
    const [what, also] =
      way === 'bytes'
        ? [`sends about ${megabytes(bytes)}, including ${items} items of ${split}`, 'demonstrations']
        : [`returns about ${megabytes(bytes)} for ${items} items`, 'maxTokens of answer']
    throw new TaskvecError(
      'TASK',
      `${name}: one step ${what}; Temporal accepts at most ${megabytes(largestPayload)}`,
      { hint: `Lower ${setting} (to about ${fewer}) or ${also}, or use shorter texts.` },
    )
  }
}

/** Sizes of a task's items; none if none can be drawn, when the unit is skipped with the reason. */
function sizes(specs: NewSweep['tasks'], protocol: Protocol) {
  const tasks = new Map(specs.map((spec) => [spec.id, orNull(() => taskOf(spec, protocol))]))
  const drawn = new Map<string, ReturnType<typeof expectedItems>>()
  return (id: string, handed: HandedItems, name: string): Size[] => {
    const task = tasks.get(id)
    if (!task) return []
    const { setting, split, demonstrations = protocol.demonstrations, predictions = 0 } = handed
    const key = `${id} ${demonstrations}`
    if (!drawn.has(key)) drawn.set(key, expectedItems(task, { ...protocol, demonstrations }))
    const item = drawn.get(key)?.[split]
    if (!item) return []
    if (handed.demonstrations !== undefined) refuseChunk({ id: name }, 16 * item.largest)
    const items =
      handed.demonstrations === undefined
        ? Math.min(handed.items, countsOf(task, protocol)[split])
        : handed.items
    const answers = items * predictions * answerBytes * predictionSize(protocol.answer)
    return [{ setting, split, items, bytes: items * item.mean, answers }]
  }
}

/** Null on domain errors, which the unit or task will report. */
function orNull<T>(tell: () => T): T | null {
  try {
    return tell()
  } catch (error) {
    if (error instanceof TaskvecError) return null
    throw error
  }
}
