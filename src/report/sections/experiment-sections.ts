import type Database from 'better-sqlite3'
import { experiments } from '../../experiments/catalog.js'
import type { Experiment } from '../../experiments/experiment.js'
import type { SweepRows } from '../../experiments/sweep-rows.js'
import { text, type Section } from '../../figures/section.js'
import { experimentStates } from '../../store/report-queries.js'

/** A section per experiment that the sweep ran, in the catalogue's order. */
export function experimentSections(db: Database.Database, sweep: string, rows: SweepRows): Section[] {
  const states = experimentStates(db, sweep)
  return experiments.flatMap((experiment) => sectionOf(experiment, sweep, states, rows))
}

function sectionOf(
  { section }: Experiment,
  sweep: string,
  states: ReturnType<typeof experimentStates>,
  rows: SweepRows,
): Section[] {
  if (!section) return []
  const { id, title, units } = section
  if (units.length === 0) return [{ id, title, blocks: section.blocks(rows) }]
  const of = states.filter(({ experiment }) => units.includes(experiment))
  if (of.length === 0) return []
  const sum = (state: 'complete' | 'waiting' | 'skipped') => of.reduce((total, row) => total + row[state], 0)
  const [open, skipped] = [sum('waiting'), sum('skipped')]
  const all = open + skipped + sum('complete')
  return [
    {
      id,
      title,
      blocks: [
        ...(open > 0 ? [text(`${open} of ${all} parts are not computed yet: taskvec resume ${sweep}.`)] : []),
        ...(skipped > 0
          ? [text(`${skipped} of ${all} parts cannot be computed: see Failures and warnings.`)]
          : []),
        ...(sum('complete') > 0 ? section.blocks(rows) : []),
      ],
    },
  ]
}
