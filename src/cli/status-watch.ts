import { createLogUpdate } from 'log-update'
import { setTimeout as sleep } from 'node:timers/promises'
import pc from 'picocolors'
import { renderFailure } from '../report/failure.js'
import { openReadOnly } from '../store/open.js'
import { findSweep } from '../store/sweeps.js'
import { sweepFailures, sweepProgress, unitProgress } from '../store/sweep-state.js'
import type { TaskProgress } from '../store/store-inputs.js'
import { lockHolder } from '../store/writer-lock.js'
import { duration } from '../domain/duration.js'
import { plannedLayers } from '../sweep/planned-layers.js'
import { progressTotals, Pace } from '../sweep/progress-totals.js'
import { progressBar } from '../sweep/progress.js'

/** How often the database is read, ms. */
const every = 1000
/** Models, and failures, shown at most. */
const shown = 12

/**
 * Follows a sweep to its end, whichever process runs it: it only reads the database, so it works alongside `taskvec run`, over SSH
 * and after a crash. If stdout is not a terminal, it prints a line on every change.
 */
export async function watchStatus(db: string, wanted: string | undefined): Promise<void> {
  const terminal = process.stdout.isTTY
  const update = createLogUpdate(process.stdout)
  const pace = new Pace()
  for (let last = ''; ; await sleep(every)) {
    const now = look(db, wanted)
    const { cells, units, share } = now.extent
    const seconds = pace.secondsLeft(share)
    const left = seconds !== null && now.running ? `, ${duration(seconds)} left` : ''
    const further = units.all > 0 ? `, ${units.done}/${units.all} further experiments` : ''
    const line = `${now.id}: ${now.status}, ${cells.done}/${cells.all} cells${further}${now.failures.length > 0 ? `, ${now.failures.length} failures` : ''}`
    if (terminal)
      update(
        [`${progressBar(share)} ${line}${left}`, ...models(now.tasks), ...now.failures.slice(-shown)].join(
          '\n',
        ),
      )
    else if (line !== last) process.stdout.write(`${line}\n`)
    last = line
    if (!now.running) break
  }
  update.done()
}

function look(db: string, wanted: string | undefined) {
  using reader = openReadOnly(db)
  const { id, status } = findSweep(reader, wanted)
  const tasks = sweepProgress(reader, id)
  const holder = lockHolder(db)
  return {
    id,
    tasks,
    // The status of a sweep whose process was killed is still 'running'.
    running: status === 'running' && holder !== null,
    status: status === 'running' && holder === null ? 'not running (taskvec resume continues it)' : status,
    extent: progressTotals(tasks, unitProgress(reader, id), plannedLayers(reader, id)),
    failures: sweepFailures(reader, id).map(renderFailure),
  }
}

/** A line per model in progress, and the numbers of complete and waiting ones. */
function models(tasks: readonly TaskProgress[]): string[] {
  const byModel = new Map<string, TaskProgress[]>()
  for (const task of tasks) byModel.set(task.model, [...(byModel.get(task.model) ?? []), task])
  const lines: string[] = []
  const count = { complete: 0, waiting: 0 }
  for (const [model, of] of byModel) {
    const complete = of.filter((task) => task.complete).length
    if (complete === of.length) count.complete++
    else if (of.every(({ cellsAll }) => cellsAll === 0)) count.waiting++
    else {
      const now = of.filter(({ cellsAll, complete }) => cellsAll > 0 && !complete)
      const under = now.map(({ task, cellsDone, cellsAll }) => `${task} ${cellsDone}/${cellsAll}`)
      lines.push(`  ${model}: ${complete} of ${of.length} tasks; ${under.slice(0, 3).join(', ')}`)
    }
  }
  const more = lines.length > shown ? [`  and ${lines.length - shown} more models in progress`] : []
  return [
    ...lines.slice(0, shown),
    ...more,
    pc.dim(`  ${count.complete} models complete, ${count.waiting} waiting`),
  ]
}
