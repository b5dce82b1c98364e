import type Database from 'better-sqlite3'
import { groupBy, meanAndSd, taskName } from '../figures/paper-rules.js'
import {
  figure,
  figurePerModel,
  table,
  text,
  type Block,
  type Report,
  type Section,
} from '../figures/section.js'
import { share, type Table } from '../figures/table.js'
import { mainResults, type MainRow } from '../store/results.js'
import { varying, type Axis, type SweepOfGroup } from '../store/settings.js'
import { axisTitles, barsByAxis, curvesByAxis, type TaskAtValue } from './figures/by-axis.js'

/** All settings of a config side by side: `taskvec report GROUP`. */
export function groupReport(
  db: Database.Database,
  sweeps: readonly SweepOfGroup[],
  by: readonly Axis[],
): Report {
  return db.transaction((): Report => {
    const [first] = sweeps
    const complete = sweeps.filter(({ status }) => status === 'complete').length
    return {
      title: `Task vectors: ${first?.name ?? ''}`,
      subtitle: `group ${first?.group ?? ''}, ${sweeps.length} settings, ${complete} of them complete`,
      sections: [
        ...by.map((axis) => sectionByAxis(db, sweeps, axis)),
        { id: 'settings', title: 'Settings', blocks: [table(settingsTable(sweeps))] },
      ],
    }
  })()
}

type SettingRow = MainRow & { readonly sweep: SweepOfGroup }

/** Accuracies of the settings by one axis: curves where it counts something, bars where it names something, and a table. */
export function sectionByAxis(db: Database.Database, sweeps: readonly SweepOfGroup[], axis: Axis): Section {
  const rows = sweeps.flatMap((sweep) => mainResults(db, sweep.id).map((row) => ({ ...row, sweep })))
  const others = varying(sweeps).filter((other) => other !== axis)
  const counts = axis === 'demonstrations' || axis === 'dummyQueries'
  // A curve of each prompt; bars are means over all else.
  const panels: readonly Axis[] = counts ? others.filter((other) => other === 'prompt') : []
  const titles = others.flatMap((other) => (panels.includes(other) ? [] : [axisTitles[other]]))
  const rest = titles.length > 0 ? ` Of each task its mean over ${titles.join(', ')}.` : ''
  const drawn = atValues(axis, rows, panels)
  const blocks: Block[] =
    rows.length === 0
      ? [text('No task is complete yet.')]
      : [
          ...(counts
            ? figure(curvesByAxis(axis, drawn, rest))
            : figurePerModel(drawn, (model, of) => barsByAxis(axis, model, of, rest))),
          table(axisTable(axis, atValues(axis, rows, []), others)),
        ]
  return { id: axis, title: `By ${axisTitles[axis]}`, blocks }
}

/** Means over the settings that are alike in the axis, and in those that the model's name is to say. */
function atValues(axis: Axis, rows: readonly SettingRow[], named: readonly Axis[]): TaskAtValue[] {
  const label = ({ model, sweep }: SettingRow) =>
    [model, ...named.map((other) => sweep.setting[other])].join(', ')
  return groupBy(rows, (row) => `${label(row)}\n${row.sweep.setting[axis]}\n${row.task}`).map(([, of]) => {
    const row = of[0] as SettingRow
    const mean = (kind: 'baseline' | 'hypothesis' | 'regular') => meanAndSd(of.map((each) => each[kind])).mean
    return {
      model: label(row),
      task: row.task,
      value: row.sweep.setting[axis],
      ...{ baseline: mean('baseline'), hypothesis: mean('hypothesis'), regular: mean('regular') },
    }
  })
}

function axisTable(axis: Axis, rows: readonly TaskAtValue[], others: readonly Axis[]): Table {
  return {
    id: `by-${axis}`,
    title: `By ${axisTitles[axis]}`,
    caption: `Accuracy by task${others.length > 0 ? `, mean over ${others.map((other) => axisTitles[other]).join(', ')}` : ''}.`,
    columns: {
      ...{ model: 'Model', task: 'Task', value: axisTitles[axis] },
      ...{ baseline: 'Baseline', hypothesis: 'Hypothesis', regular: 'Regular' },
    },
    align: 'lllrrr',
    rows: rows.map(({ model, task, value, baseline, hypothesis, regular }) => ({
      ...{ model, task: taskName(task), value },
      ...{ baseline: share(baseline), hypothesis: share(hypothesis), regular: share(regular) },
    })),
  }
}

function settingsTable(sweeps: readonly SweepOfGroup[]): Table {
  return {
    id: 'settings',
    title: 'Settings',
    caption: 'A sweep each, on the same items: taskvec report SWEEP has all of one.',
    columns: {
      ...{ sweep: 'Sweep', demonstrations: 'k', prompt: 'Prompt', dummyQueries: 'Dummy queries' },
      ...{ seed: 'Seed', numerics: 'Numerics', status: 'Status' },
    },
    align: 'lrlrrll',
    rows: sweeps.map(({ id, setting, status }) => ({ sweep: id, ...setting, status })),
  }
}
