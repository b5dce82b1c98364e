import type Database from 'better-sqlite3'
import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import type { Work } from '../../activities/index.js'
import { mainResults, sweepProgress, unitProgress } from '../store/results.js'
import { logsJson, say, type LogFields } from '../system/log.js'

/** How often the terminal is drawn, and how often a plain log gets a line, ms. */
const drawEvery = 400
const lineEvery = 5000
const barWidth = 28

/**
 * Live progress of a sweep on stderr: cells done / all, rate, time left, what is being computed, and a line for each
 * finished task. What is done is read from the database, so it is right whoever computed it.
 */
export class ProgressDisplay {
  readonly #work = new Map<string, Work>()
  readonly #announced = new Set<string>()
  readonly #started = Date.now()
  readonly #update = createLogUpdate(process.stderr)
  readonly #timer: NodeJS.Timeout
  #atStart: { cells: number; share: number } | null = null

  constructor(
    private readonly db: Database.Database,
    private readonly sweepId: string,
    private readonly terminal = process.stderr.isTTY && !logsJson(),
  ) {
    this.#announceFinished(false)
    this.#timer = setInterval(() => this.#show(), terminal ? drawEvery : lineEvery)
  }

  /** Called by this process's compute activities. */
  report(work: Work): void {
    const key = `${work.model} ${work.task} ${work.phase}`
    if (work.fraction < 1) return void this.#work.set(key, work)
    this.#work.delete(key)
    if (logsJson()) sayDone(work)
  }

  /** A line above the display. */
  say(line: string, fields: LogFields = {}): void {
    if (this.terminal) this.#update.clear()
    say(line, fields)
  }

  stop(): void {
    clearInterval(this.#timer)
    if (this.terminal) this.#update.clear()
    this.#announceFinished(true)
  }

  #show(): void {
    this.#announceFinished(true)
    const { done, all } = this.#cells()
    const units = unitProgress(this.db, this.sweepId)
    const share = all === 0 ? 0 : (done + units.done) / (all + units.all)
    this.#atStart ??= { cells: done, share }
    const seconds = (Date.now() - this.#started) / 1000
    const rate = (done - this.#atStart.cells) / seconds
    const shareRate = (share - this.#atStart.share) / seconds
    const left = shareRate > 0 ? `${duration((1 - share) / shareRate)} left` : 'time left not known yet'
    const further = units.all > 0 ? `, ${units.done}/${units.all} further experiments` : ''
    const counts = `${done}/${all} cells${further} (${Math.floor(100 * share)} %), ${rate.toFixed(1)} cells/s, ${left}`
    const now = [...this.#work.values()].map(
      ({ model, task, phase, fraction }) => `${model} ${task} ${phase} ${Math.floor(100 * fraction)} %`,
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
    const full = Math.round(barWidth * share)
    const bar = pc.green('█'.repeat(full)) + pc.dim('░'.repeat(barWidth - full))
    this.#update([`${bar} ${counts}`, ...now.map((line) => pc.dim(`  ${line}`))].join('\n'))
  }

  /** A task that has not been prepared yet is taken to have as many cells as the others of its model. */
  #cells(): { done: number; all: number } {
    const progress = sweepProgress(this.db, this.sweepId)
    const known = new Map<string, number>()
    for (const { model, cellsAll } of progress) known.set(model, Math.max(cellsAll, known.get(model) ?? 0))
    const most = Math.max(0, ...known.values())
    return {
      done: progress.reduce((sum, { cellsDone }) => sum + cellsDone, 0),
      all: progress.reduce((sum, { model, cellsAll }) => sum + (cellsAll || known.get(model) || most), 0),
    }
  }

  #announceFinished(aloud: boolean): void {
    for (const row of mainResults(this.db, this.sweepId)) {
      const key = `${row.model} ${row.task}`
      if (this.#announced.has(key)) continue
      this.#announced.add(key)
      const scores = `baseline ${row.baseline.toFixed(2)}  hypothesis ${row.hypothesis.toFixed(2)}  regular ${row.regular.toFixed(2)}  best L ${row.bestLayer}`
      if (aloud)
        this.say(`${pc.green('✓')} ${row.model} ${row.task.padEnd(38)} ${scores}`, { event: 'task', ...row })
    }
  }
}

/** A line for an activity that ended, which only programs get. */
export function sayDone({ model, task, phase, activity }: Work): void {
  const [, , sweep] = activity.workflowId.split('/')
  say(`${model} ${task} ${phase}: done`, {
    event: 'activity',
    sweep: sweep ?? '',
    model,
    task,
    phase,
    ...activity,
  })
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`
  return `${(seconds / 3600).toFixed(1)} h`
}
