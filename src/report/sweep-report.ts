import type Database from 'better-sqlite3'
import type { Report } from '../figures/section.js'
import { settingsOfGroup } from '../store/settings.js'
import type { SweepSummary } from '../store/sweeps.js'
import { comparison } from './sections/comparison.js'
import { experimentSections } from './sections/experiment-sections.js'
import { finding } from './sections/finding.js'
import { items } from './sections/items.js'
import { troubles } from './sections/troubles.js'
import { whatWasRun } from './sections/what-was-run.js'
import { sweepRows } from './sweep-rows.js'

/** Everything about a sweep: `taskvec report`. `other`: the sweep to compare it with; null: the published results. */
export function sweepReport(db: Database.Database, sweep: SweepSummary, other: SweepSummary | null): Report {
  // One transaction: figures agree even if the sweep is still running.
  return db.transaction((): Report => {
    const rows = sweepRows(db, sweep)
    return {
      title: `Task vectors: ${sweep.name}`,
      subtitle: `sweep ${sweep.id}, ${sweep.status}${sweep.finishedAt === null ? '' : ` ${sweep.finishedAt.slice(0, 10)}`}`,
      sections: [
        finding(db, sweep, rows),
        ...experimentSections(db, sweep.id, rows),
        ...items(db, sweep),
        ...comparison(db, sweep, other),
        whatWasRun(db, sweep, settingsOfGroup(db, sweep)),
        troubles(db, sweep),
      ],
    }
  })()
}
