import type Database from 'better-sqlite3'
import type { SweepSummary } from '../../store/sweeps.js'
import { skippedExperiments, sweepFailures, sweepProgress, sweepWarnings } from '../../store/sweep-state.js'
import { groupedWarnings } from '../grouped-warnings.js'
import { taskLabels } from '../task-labels.js'
import type { Row } from '../../figures/table.js'
import { table, text, type Section } from '../../figures/section.js'

/** What is not computed yet, failures, skipped units and warnings. */
export function troubles(db: Database.Database, sweep: SweepSummary): Section {
  const { id, status } = sweep
  const labels = taskLabels(sweep)
  const named = (task: string) => labels.get(task) ?? task
  const rows: Row[] = [
    ...sweepProgress(db, id)
      .filter(({ complete }) => !complete)
      .map(({ model, task, cellsDone, cellsAll }) => ({
        kind: 'not complete',
        model,
        what: named(task),
        why: `${cellsDone} of ${cellsAll} cells are computed; taskvec resume continues`,
      })),
    ...sweepFailures(db, id).map(({ model, task, experiment, code, message, attempts }) => ({
      kind: 'failed',
      model,
      what: [experiment === 'main' ? '' : experiment, named(task)].filter(Boolean).join(' '),
      why: `${code}: ${message} (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'})`,
    })),
    ...skippedExperiments(db, id).map(({ model, experiment, task, thetaTask, reason }) => ({
      kind: 'cannot be done',
      model,
      what: [experiment, named(task), named(thetaTask)].filter(Boolean).join(' '),
      why: reason,
    })),
    ...groupedWarnings(sweepWarnings(db, id)).map(({ model, warning }) => ({
      kind: 'warning',
      model,
      what: '',
      why: warning,
    })),
  ]
  return {
    id: 'failures',
    title: 'Failures and warnings',
    blocks:
      rows.length === 0
        ? [text(`None; the sweep is ${status}.`)]
        : [
            table({
              id: 'failures',
              title: 'Failures and warnings',
              caption: 'Since the sweep was last started.',
              columns: { kind: 'Kind', model: 'Model', what: 'What', why: 'Why' },
              align: 'lllp{9cm}',
              rows,
            }),
          ],
  }
}
