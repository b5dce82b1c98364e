import type Database from 'better-sqlite3'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type SweepConfig, sweepId } from '../config/sweep-config.js'
import { describeError, TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/did-you-mean.js'
import { modeLabel } from '../domain/numerics.js'
import { renderFailure } from '../report/failure.js'
import { groupedWarnings } from '../report/grouped-warnings.js'
import { renderLayerCurves } from '../report/layer-curves.js'
import { renderMainTable } from '../report/main-table.js'
import { openReadOnly } from '../store/open.js'
import { weightTypes } from '../store/report-queries.js'
import { meanScores } from '../store/mean-scores.js'
import { firstTokens, layerResults, mainResults } from '../store/results.js'
import { findSweep } from '../store/sweeps.js'
import { skippedExperiments, sweepFailures, sweepProgress, sweepWarnings } from '../store/sweep-state.js'
import { duration } from '../domain/duration.js'
import { logAs, say } from '../system/log.js'
import type { SweepOutcome } from '../sweep/follow-workflow.js'
import { runSweep } from '../sweep/run-sweep.js'
import { effectCommand } from './effect-command.js'
import { reportFolder } from './report-folder.js'
import type { ServerOptions } from '../temporal/connection.js'
import {
  addServerOptions,
  dbOption,
  databaseOption,
  elsewhereOption,
  enginesOption,
  logFormatOption,
  memoryLimitOption,
  metricsOption,
} from './options.js'
import { withRepositories, haveModels, count } from './sweep-models.js'

/** Options that `run` and `resume` share. */
export interface SweepCommandOptions extends ServerOptions {
  readonly db: string
  readonly engines?: number
  readonly memoryLimit?: number
  readonly retryFailed?: boolean
  readonly elsewhere?: readonly string[]
  readonly logFormat: 'text' | 'json'
  readonly metrics?: string
  readonly json?: boolean
  /** Whether the report is written at the end. */
  readonly report: boolean
}

export function addSweepOptions(command: Command): Command {
  command
    .addOption(dbOption())
    .addOption(enginesOption())
    .addOption(memoryLimitOption())
    .addOption(elsewhereOption())
    .addOption(logFormatOption())
    .addOption(metricsOption())
    .option('--no-report', 'do not write the report (figures and tables) at the end')
    .option('--json', 'print the outcome and the main table as JSON')
  return addServerOptions(command)
}

const exitCodes: Record<SweepOutcome, number> = { complete: 0, failed: 3, cancelled: 4, interrupted: 130 }

/** Whether a sweep with this exit code was stopped, so that those after it are not run either. */
export function wasStopped(exitCode: number): boolean {
  return exitCode === exitCodes.cancelled || exitCode === exitCodes.interrupted
}

/** Runs a sweep, prints its results and sets the exit code. */
export async function performSweep(given: SweepConfig, options: SweepCommandOptions): Promise<void> {
  const id = sweepId(given)
  logAs(options.logFormat, { sweep: id })
  say(
    `Sweep ${id}: ${count(given.models.length, 'model')} x ${count(given.tasks.length, 'task')}, database ${options.db}`,
  )
  const elsewhere = computedElsewhere(given, options.elsewhere ?? [])
  const config = await withRepositories(given, id, elsewhere, options.db)
  await haveModels({ ...config, models: config.models.filter(({ id }) => !elsewhere.includes(id)) })
  await sayWhatModeGains(config, elsewhere)
  const started = Date.now()
  const { db, engines, memoryLimit, retryFailed = false } = options
  using interruption = untilInterrupted()
  const outcome = await runSweep(config, {
    ...{ db, engines, memoryLimit, elsewhere, retryFailed },
    server: options,
    metrics: options.metrics,
    signal: interruption.signal,
  })
  process.exitCode = exitCodes[outcome]
  await finish(config, outcome, options, (Date.now() - started) / 1000)
}

/** Measures what approximate numerics gain on this machine, so that a mode that gains nothing shows before the sweep runs. */
async function sayWhatModeGains({ mode, models }: SweepConfig, elsewhere: readonly string[]): Promise<void> {
  if (!mode?.numerics || mode.numerics === 'f32' || elsewhere.length === models.length) return
  const { describeCost, measureModes } = await import('../engine/measure-mode.js')
  for (const cost of await measureModes([mode.numerics])) say(describeCost(cost))
}

/** The model ids that --elsewhere names; `all`: every model of the config. Errors: USAGE. */
function computedElsewhere({ models }: SweepConfig, named: readonly string[]): string[] {
  const ids = models.map(({ id }) => id)
  if (named.includes('all')) return ids
  const unknown = named.find((id) => !ids.includes(id))
  if (unknown === undefined) return [...named]
  throw new TaskvecError(
    'USAGE',
    `--elsewhere: the config has no model "${unknown}"${didYouMean(unknown, ids)}`,
    {
      hint: `It has: ${ids.join(', ')}`,
    },
  )
}

/** Aborted by the first Ctrl-C, for a clean stop; the second exits at once. Disposed after its sweep: several may follow each other. */
function untilInterrupted(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    say('\nStopping engines, workers and server. Press Ctrl-C again to force.')
    controller.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, stop)
    },
  }
}

/** Sweeps with more cells end without a report: for 100 models of 60 blocks it takes 13 s and 1.4 GB, and both grow with the cells. */
const mostReported = 150_000

/** Warnings printed at most; the report has all. */
const mostWarnings = 5

async function finish(
  config: SweepConfig,
  outcome: SweepOutcome,
  { db, json, report, logFormat }: SweepCommandOptions,
  seconds: number,
): Promise<void> {
  const id = sweepId(config)
  using reader = openReadOnly(db)
  const progress = sweepProgress(reader, id)
  const rows = mainResults(reader, id)
  const cells = progress.reduce((sum, task) => sum + task.cellsDone, 0)
  const reportable = report && outcome !== 'interrupted' && rows.length > 0
  if (reportable && cells > mostReported)
    say(
      `No report was written, since the sweep has more than ${mostReported} cells; npx taskvec report ${id} writes it.`,
    )
  const page = reportable && cells <= mostReported ? await pageOf(reader, id, db) : null
  const reused = progress.reduce((sum, task) => sum + task.cellsReused, 0)
  if (json)
    process.stdout.write(
      JSON.stringify({
        sweep: id,
        outcome,
        database: db,
        seconds,
        cells,
        reused,
        ...(config.mode ? { numerics: modeLabel(config.mode) } : {}),
        report: page,
        results: rows,
      }) + '\n',
    )
  else if (rows.length > 0)
    process.stdout.write(
      `${renderMainTable(rows, { mode: modeLabel(config.mode ?? {}), weights: weightTypes(reader, id), first: firstTokens(reader, id), scores: meanScores(reader, id) })}\n\n${renderLayerCurves(layerResults(reader, id))}\n`,
    )

  const all = sweepWarnings(reader, id)
  const warnings = logFormat === 'json' ? all : groupedWarnings(all)
  for (const { model, warning } of logFormat === 'json' ? warnings : warnings.slice(0, mostWarnings))
    say(`warning: ${model}: ${warning}`, { event: 'warning', model })
  if (logFormat !== 'json' && warnings.length > mostWarnings)
    say(`warning: ${warnings.length - mostWarnings} more; the report lists all under Failures and warnings`)
  for (const { model, experiment, task, thetaTask, reason } of skippedExperiments(reader, id))
    say(`skipped: ${model} ${[experiment, task, thetaTask].filter(Boolean).join(' ')}: ${reason}`)
  for (const failure of sweepFailures(reader, id))
    say(renderFailure(failure), { event: 'failure', ...failure })
  const dbOption = databaseOption(db)
  const reuse = reused > 0 ? `, ${reused} of them reused from the database` : ''
  say(`\n${verdict[outcome]}: ${cells} cells${reuse}, in ${duration(seconds)}. Database: ${db}`)
  if (page !== null) say(`Report with every figure and table: ${page}`)
  if (outcome === 'complete') {
    say(`Next: npx taskvec results ${id} --table layers${dbOption}   accuracy by layer`)
    say(`      npx taskvec results ${id} --table predictions --format csv${dbOption}`)
    const effect = effectCommand(reader, id, config, rows)
    if (effect !== null) say(`      ${effect}   the effect, on one query`)
  } else if (outcome === 'failed') {
    say(
      `Next: npx taskvec resume ${id} --retry-failed${dbOption}   retries the failures; without it, only unfinished tasks run`,
    )
  } else {
    say(`Next: npx taskvec resume ${id}${dbOption}   resumes it; stored results are kept`)
  }
}

/** Writes the sweep's report and returns the path of its page; null if that fails, which does not affect the sweep. */
async function pageOf(reader: Database.Database, id: string, db: string): Promise<string | null> {
  try {
    const [{ sweepReport }, { writeReport }] = await Promise.all([
      import('../report/sweep-report.js'),
      import('../report/write.js'),
    ])
    const folder = reportFolder(db, id)
    const { page } = await writeReport(sweepReport(reader, findSweep(reader, id), null), folder)
    return join(folder, page)
  } catch (error) {
    say(`The report was not written: ${describeError(error)}\n  To retry: taskvec report ${id}`)
    return null
  }
}

const verdict: Record<SweepOutcome, string> = {
  complete: 'Complete',
  failed: 'Ended with failures',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
}
