import type Database from 'better-sqlite3'
import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import type { WorkPlace, Work } from '../../activities/index.js'
import { mainResults } from '../store/results.js'
import type { TaskProgress } from '../store/store-inputs.js'
import { duration } from '../domain/duration.js'
import { logsJson, say, type LogFields } from '../system/log.js'
import { Pace } from './progress-totals.js'
import type { SweepReading } from './sweep-reading.js'

/** Interval between updates of a terminal, and between lines of a plain log, ms. */
const drawEvery = 400
const lineEvery = 5000
const barWidth = 28

/**
 * Live progress of a sweep on stderr: cells done / all, rate, time left, current activities, and a line for each finished task.
 * Progress is read from the database, so work of other machines counts too.
 */
export class ProgressDisplay {
  readonly #work = new Map<string, Work>()
  readonly #announced = new Set<string>()
  readonly #cellPace = new Pace()
  readonly #pace = new Pace()
  readonly #update = createLogUpdate(process.stderr)
  readonly #timer: NodeJS.Timeout

  constructor(
    private readonly db: Database.Database,
    private readonly sweepId: string,
    private readonly reading: SweepReading,
    private readonly terminal = process.stderr.isTTY && !logsJson(),
  ) {
    this.#announceFinished(this.reading.tasks(), false)
    this.#timer = setInterval(() => this.#show(), terminal ? drawEvery : lineEvery)
  }

  /** Reports progress of this process's compute activities. */
  report(work: Work): void {
    const key = `${sweepOf(work.activity)} ${work.model} ${work.task} ${work.phase}`
    if (work.fraction < 1) return void this.#work.set(key, work)
    this.#work.delete(key)
    if (logsJson()) sayDone(work)
  }

  /** Prints a line above the display. */
  say(line: string, fields: LogFields = {}): void {
    if (this.terminal) this.#update.clear()
    say(line, fields)
  }

  stop(): void {
    clearInterval(this.#timer)
    if (this.terminal) this.#update.clear()
    this.#announceFinished(this.reading.tasks(), true)
  }

  #show(): void {
    const tasks = this.reading.tasks()
    this.#announceFinished(tasks, true)
    const { cells, units, share } = this.reading.totals(tasks)
    const { done, all } = cells
    const rate = this.#cellPace.perSecond(done)
    const seconds = this.#pace.secondsLeft(share)
    const left = seconds === null ? 'time left unknown' : `${duration(seconds)} left`
    const further = units.all > 0 ? `, ${units.done}/${units.all} further experiments` : ''
    const counts = `${done}/${all} cells${further} (${Math.floor(100 * share)} %)${done < all ? `, ${rate.toFixed(1)} cells/s` : ''}, ${left}`
    const now = [...this.#work.values()].map(
      ({ model, task, phase, fraction, activity }) =>
        `${model} ${task} ${phase} ${Math.floor(100 * fraction)} %${sweepOf(activity) === this.sweepId ? '' : ' (for another sweep)'}`,
    )
    if (!this.terminal)
      return say(`${counts}${now.length > 0 ? `; ${now.join(', ')}` : ''}`, {
        ...{
          event: 'progress',
          cells: done,
          ofCells: all,
          experiments: units.done,
          ofExperiments: units.all,
        },
      })
    this.#update([`${progressBar(share)} ${counts}`, ...now.map((line) => pc.dim(`  ${line}`))].join('\n'))
  }

  #announceFinished(tasks: readonly TaskProgress[], aloud: boolean): void {
    for (const { model, task, complete } of tasks) {
      const key = `${model} ${task}`
      if (!complete || this.#announced.has(key)) continue
      this.#announced.add(key)
      const [row] = aloud ? mainResults(this.db, this.sweepId, { model, task }) : []
      if (!row) continue
      const scores = `baseline ${row.baseline.toFixed(2)}  hypothesis ${row.hypothesis.toFixed(2)}  regular ${row.regular.toFixed(2)}  best L ${row.bestLayer ?? '-'}`
      this.say(`${pc.green('✓')} ${model} ${task.padEnd(38)} ${scores}`, { event: 'task', ...row })
    }
  }
}

/** Logs that an activity got its engine, in JSON only. */
export function sayBegun(work: WorkPlace, waitedMs: number): void {
  if (logsJson()) sayActivity('begun', work, { waitedMs })
}

/** Logs that an activity ended. */
export function sayDone(work: WorkPlace): void {
  sayActivity('done', work)
}

function sayActivity(what: 'begun' | 'done', work: WorkPlace, more: LogFields = {}): void {
  const { model, task, phase, layers, activity } = work
  say(`${model} ${task} ${phase}: ${what}`, {
    event: what === 'done' ? 'activity' : what,
    sweep: sweepOf(activity),
    ...{ model, task, phase, ...(layers ? { layers } : {}) },
    ...activity,
    ...more,
  })
}

/** A process also computes for other sweeps of its server. */
function sweepOf({ workflowId }: WorkPlace['activity']): string {
  return workflowId.split('/')[2] ?? ''
}

/** A bar filled to `share`, 0 to 1. */
export function progressBar(share: number): string {
  const full = Math.round(barWidth * share)
  return pc.green('█'.repeat(full)) + pc.dim('░'.repeat(barWidth - full))
}
