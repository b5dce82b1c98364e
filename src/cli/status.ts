import { Command } from 'commander'
import { TaskvecError } from '../domain/errors.js'
import { boxedTable } from '../report/boxed-table.js'
import { renderFailure } from '../report/failure.js'
import { groupedWarnings } from '../report/grouped-warnings.js'
import { openReadOnly } from '../store/open.js'
import { findSweep, listSweeps, type SweepSummary } from '../store/sweeps.js'
import { sweepFailures, sweepProgress, sweepWarnings, type FailureRow } from '../store/sweep-state.js'
import type { TaskProgress } from '../store/store-inputs.js'
import { lockHolder } from '../store/writer-lock.js'
import { databaseOption, dbOption } from './options.js'
import { watchStatus } from './status-watch.js'

/** `taskvec status [SWEEP]`. */
export function statusCommand(): Command {
  return new Command('status')
    .argument('[sweep]', 'id or name (default: the latest)')
    .addOption(dbOption())
    .option('--watch', 'update the display until the sweep ends')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec status
  $ taskvec status --watch
  $ taskvec status quickstart --json`,
    )
    .action(status)
}

async function status(
  wanted: string | undefined,
  { db, json, watch }: { db: string; json?: boolean; watch?: boolean },
): Promise<void> {
  if (watch && json) throw new TaskvecError('USAGE', '--watch and --json cannot be combined')
  if (watch) return watchStatus(db, wanted)
  using reader = openReadOnly(db)
  const sweep = findSweep(reader, wanted)
  const tasks = sweepProgress(reader, sweep.id)
  const failures = sweepFailures(reader, sweep.id)
  const warnings = sweepWarnings(reader, sweep.id)
  const runningIn = lockHolder(db)
  const others = listSweeps(reader).filter(({ id }) => id !== sweep.id)
  if (json) {
    const { id, name, status, createdAt, finishedAt } = sweep
    process.stdout.write(
      JSON.stringify({
        id,
        name,
        status,
        createdAt,
        finishedAt,
        runningIn,
        tasks,
        failures,
        warnings,
        others: others.map((other) => other.id),
      }) + '\n',
    )
  } else {
    process.stdout.write(
      render(sweep, tasks, failures, runningIn !== null && sweep.status === 'running') + '\n',
    )
    for (const { model, warning } of groupedWarnings(warnings))
      process.stdout.write(`warning: ${model}: ${warning}\n`)
    for (const failure of failures) process.stdout.write(`${renderFailure(failure)}\n`)
    process.stderr.write(nextStep(sweep, runningIn, others, databaseOption(db)))
  }
}

function render(
  sweep: SweepSummary,
  tasks: readonly TaskProgress[],
  failures: readonly FailureRow[],
  isRunning: boolean,
): string {
  const failed = ({ model, task }: TaskProgress) =>
    failures.some((each) => each.model === model && (each.task === task || each.task === ''))
  const done = tasks.filter(({ complete }) => complete).length
  const stateOf = (of: TaskProgress) => {
    if (of.complete) return 'complete'
    if (failed(of)) return 'failed'
    return of.cellsAll === 0 ? 'waiting' : isRunning ? 'running' : 'unfinished'
  }
  const rows = tasks.map((of) => [
    of.model,
    of.task,
    of.cellsAll === 0 ? '-' : `${of.cellsDone}/${of.cellsAll}`,
    of.cellsReused,
    of.bestLayer ?? '-',
    stateOf(of),
  ])
  const table = boxedTable(['model', 'task', 'cells', 'reused', 'best L', ''], rows)
  return `${sweep.id}: ${sweep.status}, ${done} of ${tasks.length} tasks complete, started ${sweep.createdAt}\n${table}`
}

/** `where`: the `--db` option, unless the database is the default one. */
function nextStep(
  sweep: SweepSummary,
  runningIn: number | null,
  others: readonly SweepSummary[],
  where: string,
): string {
  const more =
    others.length > 0
      ? `Other sweeps: ${others
          .slice(0, 5)
          .map(({ id, status }) => `${id} (${status})`)
          .join(', ')}\n`
      : ''
  if (runningIn !== null) return `${more}Process ${runningIn} is running a sweep with this database.\n`
  if (sweep.status === 'complete') return `${more}Next: npx taskvec results ${sweep.id}${where}\n`
  return `${more}No process is running it. Next: npx taskvec resume ${sweep.id}${where}\n`
}
