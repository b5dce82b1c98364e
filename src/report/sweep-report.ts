import type Database from 'better-sqlite3'
import { layerCells, modelRecords } from '../store/report-queries.js'
import { mainResults } from '../store/results.js'
import { sweepGroup, type SweepSummary } from '../store/sweeps.js'
import { overSeeds, resultRows } from './result-rows.js'
import { comparison } from './sections/comparison.js'
import { furtherExperiments } from './sections/further.js'
import { mainExperiment } from '../experiments/main/section.js'
import type { Report } from '../figures/section.js'
import { troubles } from './sections/troubles.js'
import { whatWasRun } from './sections/what-was-run.js'
import { differenceTable, seedsTable } from './tables/statistics-tables.js'

/** Everything of a sweep: `taskvec report`. `other`: the sweep to set it beside; null is the published results. */
export function sweepReport(db: Database.Database, sweep: SweepSummary, other: SweepSummary | null): Report {
  // One transaction: a sweep that runs meanwhile does not show in half of the figures.
  return db.transaction((): Report => {
    const rows = mainResults(db, sweep.id)
    const cells = layerCells(db, sweep.id)
    const group = sweepGroup(db, sweep.id)
    const models = modelRecords(db, sweep.id)
    const blocks = new Map(models.flatMap(({ model, blocks }) => (blocks === null ? [] : [[model, blocks]])))
    return {
      title: `Task vectors: ${sweep.name}`,
      subtitle: `sweep ${sweep.id}, ${sweep.status}${sweep.finishedAt === null ? '' : ` ${sweep.finishedAt.slice(0, 10)}`}`,
      sections: [
        mainExperiment({
          rows,
          cells,
          blocks,
          tables: [
            ...(rows.length > 0 ? [differenceTable(resultRows(db, 'main', sweep, {}))] : []),
            ...(group.length > 1 ? [seedsTable(overSeeds(db, 'main', group, {}))] : []),
          ],
        }),
        ...furtherExperiments(db, sweep.id, cells),
        comparison(db, sweep, other),
        whatWasRun(db, sweep, group),
        troubles(db, sweep),
      ],
    }
  })()
}
