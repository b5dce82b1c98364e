import type Database from 'better-sqlite3'
import { lockHolder } from '../store/writer-lock.js'
import { meanScores } from '../store/mean-scores.js'
import { taskLabels } from '../report/task-labels.js'
import { mainResults } from '../store/results.js'
import { axes, described, settingOf, varies, type Setting } from '../store/settings.js'
import { findSweep, listSweeps } from '../store/sweeps.js'
import { sweepFailures, sweepWarnings } from '../store/sweep-state.js'
import { itemRows, recentWork, taskCategories, type ItemSelection } from '../store/page-queries.js'
import { Pace } from '../sweep/progress-totals.js'
import { SweepReading } from '../sweep/sweep-reading.js'
import type { Field, ItemPage, ItemView, SweepLine, SweepView } from './api.js'

/** Workers that have computed nothing for this long are not shown, ms. */
const recently = 10 * 60_000
/** Items per page. */
export const itemsOnPage = 50

/** Reads one database for the page. Keeps only the pace, what is complete, and the last view of each sweep. */
export class Watch {
  readonly #views = new Map<string, { version: string; view: SweepView }>()
  readonly #paces = new Map<string, Pace>()
  readonly #readings = new Map<string, SweepReading>()

  constructor(
    private readonly db: Database.Database,
    private readonly file: string,
  ) {}

  /** Changes whenever the contents may have changed: another process committed, or the writer started or stopped. */
  version(): string {
    return `${this.db.pragma('data_version', { simple: true }) as number} ${lockHolder(this.file) ?? ''}`
  }

  sweeps(): SweepLine[] {
    const sweeps = listSweeps(this.db)
    const settings = new Map<string | null, Setting[]>()
    for (const sweep of sweeps)
      settings.set(sweep.group, [...(settings.get(sweep.group) ?? []), settingOf(sweep)])
    return sweeps.map((sweep) => {
      const { id, name, status, createdAt, finishedAt, group } = sweep
      const varied = group === null ? [] : axes.filter((axis) => varies(settings.get(group) ?? [], axis))
      return { id, name, status, createdAt, finishedAt, group, setting: described(settingOf(sweep), varied) }
    })
  }

  /** Throws USAGE if there is no such sweep. */
  sweep(wanted: string): SweepView {
    const version = this.version()
    const known = this.#views.get(wanted)
    if (known?.version === version) return known.view
    const view = this.#read(wanted)
    this.#views.set(wanted, { version, view })
    return view
  }

  #read(wanted: string): SweepView {
    const sweep = findSweep(this.db, wanted)
    const { id, name, status, createdAt, finishedAt, config } = sweep
    const failures = sweepFailures(this.db, id)
    const failed = new Set(failures.map(({ model, task }) => `${model} ${task}`))
    const results = new Map(mainResults(this.db, id).map((row) => [`${row.model} ${row.task}`, row]))
    const scores = meanScores(this.db, id)
    const reading = this.#readings.get(id) ?? new SweepReading(this.db, id)
    this.#readings.set(id, reading)
    const progress = reading.tasks()
    const fields = progress.map(({ model, task, cellsDone, cellsAll, complete, bestLayer }): Field => {
      const found = results.get(`${model} ${task}`)
      const score = (kind: string) => scores.get(`${model}\n${task}\n${kind}`) ?? null
      const graded = score('baseline') !== null || score('regular') !== null
      return {
        model,
        task,
        cellsDone,
        cellsAll,
        complete,
        bestLayer,
        baseline: found?.baseline ?? null,
        hypothesis: found?.hypothesis ?? null,
        regular: found?.regular ?? null,
        baselineItems: found?.baselineItems ?? 0,
        testItems: found?.testItems ?? 0,
        failed: failed.has(`${model} ${task}`),
        ...(graded
          ? {
              meanScores: {
                baseline: score('baseline'),
                hypothesis: score('hypothesis'),
                regular: score('regular'),
              },
            }
          : {}),
      }
    })
    const extent = reading.totals(progress)
    const runningIn = lockHolder(this.file)
    return {
      id,
      name,
      status,
      createdAt,
      finishedAt,
      config,
      models: [...new Set(fields.map(({ model }) => model))],
      tasks: [...new Set(fields.map(({ task }) => task))],
      labels: Object.fromEntries(taskLabels(sweep)),
      categories: taskCategories(this.db, id),
      fields,
      extent,
      failures,
      warnings: sweepWarnings(this.db, id),
      runningIn,
      workers: recentWork(this.db, id, new Date(Date.now() - recently).toISOString()),
      secondsLeft: runningIn === null || finishedAt !== null ? null : this.#secondsLeft(id, extent.share),
    }
  }

  #secondsLeft(id: string, share: number): number | null {
    const pace = this.#paces.get(id) ?? new Pace()
    this.#paces.set(id, pace)
    const seconds = pace.secondsLeft(share)
    return seconds === null ? null : Math.round(seconds)
  }

  items({ page, ...wanted }: Omit<ItemSelection, 'offset' | 'limit'> & { readonly page: number }): ItemPage {
    const { rows, all } = itemRows(this.db, { ...wanted, offset: page * itemsOnPage, limit: itemsOnPage })
    const items = new Map<number, ItemView & { predictions: ItemView['predictions'][number][] }>()
    for (const row of rows) {
      const { item, kind, layer, prediction, correct, answerLogProb, answerRank } = row
      if (!items.has(item))
        items.set(item, {
          item,
          query: row.query,
          answer: row.answer,
          demonstrations: JSON.parse(row.demonstrations) as ItemView['demonstrations'],
          dummyQueries: JSON.parse(row.dummyQueries) as string[],
          predictions: [],
        })
      items
        .get(item)
        ?.predictions.push({ kind, layer, prediction, correct: correct === 1, answerLogProb, answerRank })
    }
    return { split: wanted.split, items: [...items.values()], all, perPage: itemsOnPage }
  }
}
