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
import { share, shareInterval, type Table } from '../figures/table.js'
import { layerResults, mainResults, type MainRow } from '../store/results.js'
import { varying, type SettingKey, type SweepOfGroup } from '../store/settings.js'
import { apart, unlike, type Apart } from './apart.js'
import { barsByAxis, curvesByAxis, keyTitles, type TaskAtValue } from './figures/by-axis.js'
import { layersByKey } from './figures/layers-by-axis.js'
import { blocksOf } from './sweep-rows.js'

/** Several sweeps side by side, the settings of a config or others: `taskvec report GROUP`, `taskvec report A B`. */
export function groupReport(
  db: Database.Database,
  sweeps: readonly SweepOfGroup[],
  by: readonly SettingKey[],
): Report {
  return db.transaction((): Report => {
    const names = [...new Set(sweeps.map(({ name }) => name))]
    const told = apart(db, sweeps)
    const groups = [...new Set(sweeps.map(({ id, group }) => group ?? id))]
    const complete = sweeps.filter(({ status }) => status === 'complete').length
    const [group] = groups
    const counted =
      groups.length === 1 ? `group ${group}, ${sweeps.length} settings` : `${sweeps.length} sweeps`
    return {
      title: `Task vectors: ${names.join(', ')}`,
      subtitle: `${counted}, ${complete} of them complete`,
      sections: [
        ...by.map((key) => sectionByKey(db, sweeps, key, told)),
        {
          id: 'settings',
          title: groups.length === 1 ? 'Settings' : 'Sweeps',
          blocks: [...told.notes.map(text), table(settingsTable(sweeps))],
        },
      ],
    }
  })()
}

type Of<Row> = Row & { readonly sweep: SweepOfGroup; readonly value: string | number }
type SettingRow = Of<MainRow>

/** Accuracies of the sweeps by one key: curves where it counts something, bars where it names something, by layer, and a table. */
export function sectionByKey(
  db: Database.Database,
  sweeps: readonly SweepOfGroup[],
  key: SettingKey,
  told: Apart = apart(db, sweeps),
): Section {
  const valued = <Row extends { readonly model: string; readonly task: string }>(
    sweep: SweepOfGroup,
    row: Row,
  ): Of<Row> => {
    const named = { ...row, model: told.model(sweep.id, row.model), task: told.task(sweep.id, row.task) }
    const value = key === 'models' ? named.model : key === 'tasks' ? taskName(named.task) : sweep.setting[key]
    return { ...named, sweep, value }
  }
  const rows = sweeps.flatMap((sweep) => mainResults(db, sweep.id).map((row) => valued(sweep, row)))
  const cells = sweeps.flatMap((sweep) => {
    const blocks = blocksOf(db, sweep.id)
    return layerResults(db, sweep.id).map((row) => ({
      ...valued(sweep, row),
      depth: row.layer / (blocks.get(row.model) ?? 1),
    }))
  })
  const others = varying(sweeps).filter((other) => other !== key)
  const counts = key === 'demonstrations' || key === 'dummyQueries'
  // One curve per prompt; bars are means over everything else.
  const panels: readonly 'prompt'[] = counts && others.includes('prompt') ? ['prompt'] : []
  const titles = others.flatMap((other) => (other === panels[0] ? [] : [keyTitles[other]]))
  const rest = titles.length > 0 ? ` Each task is averaged over ${titles.join(', ')}.` : ''
  const drawn = atValues(key, rows, panels)
  const blocks: Block[] =
    rows.length === 0
      ? [text('No task is complete yet.')]
      : [
          ...unlike(key, rows).map(text),
          ...(counts
            ? figure(curvesByAxis(key, drawn, rest))
            : figurePerModel(drawn, (model, of) => barsByAxis(key, model, of, rest))),
          ...layersByKey(
            key,
            cells.map((cell) => ({ ...cell, model: labelOf(key, cell, panels) })),
            rest,
          ),
          table(valuesTable(key, atValues(key, rows, []), titles)),
        ]
  return { id: key, title: `By ${keyTitles[key]}`, blocks }
}

/** What a panel shows. */
function labelOf(
  key: SettingKey,
  { model, sweep }: Of<{ model: string }>,
  named: readonly 'prompt'[],
): string {
  return [key === 'models' ? 'all models' : model, ...named.map((other) => sweep.setting[other])].join(', ')
}

/** Means over the settings with equal values of the key, and of the keys that the model's name mentions. */
function atValues(key: SettingKey, rows: readonly SettingRow[], named: readonly 'prompt'[]): TaskAtValue[] {
  const label = (row: SettingRow) => labelOf(key, row, named)
  return groupBy(rows, (row) => `${label(row)}\n${row.value}\n${row.task}`).map(([, of]) => {
    const row = of[0] as SettingRow
    const mean = (kind: 'baseline' | 'hypothesis' | 'regular') => meanAndSd(of.map((each) => each[kind])).mean
    return {
      model: label(row),
      task: row.task,
      value: row.value,
      ...{ baseline: mean('baseline'), hypothesis: mean('hypothesis'), regular: mean('regular') },
      ...{ sweeps: of.length, items: of.reduce((sum, { testItems }) => sum + testItems, 0) },
    }
  })
}

/** Rows of one sweep have intervals; rows of several, their number. */
function valuesTable(key: SettingKey, rows: readonly TaskAtValue[], over: readonly string[]): Table {
  const several = rows.some(({ sweeps }) => sweeps > 1)
  const interval = (value: number, { sweeps, items }: TaskAtValue) =>
    sweeps === 1 ? shareInterval(value, items) : ''
  return {
    id: `by-${key}`,
    title: `By ${keyTitles[key]}`,
    caption: `Accuracy by task${over.length > 0 ? `, mean over ${over.join(', ')}` : ''}. In brackets: Wilson’s interval, 95 %${several ? ' (rows of one sweep)' : ''}; n: test items.`,
    columns: {
      ...(key === 'models' ? {} : { model: 'Model' }),
      task: 'Task',
      ...(key === 'tasks' ? {} : { value: headed(key) }),
      ...{
        baseline: 'Baseline',
        hypothesis: 'Hypothesis',
        hypothesisInterval: '',
        regular: 'Regular',
        regularInterval: '',
      },
      ...(several ? { sweeps: 'Sweeps' } : {}),
      n: 'n',
    },
    align: `${key === 'models' || key === 'tasks' ? 'll' : 'lll'}rrlrl${several ? 'r' : ''}r`,
    rows: rows.map((row) => ({
      ...{ model: row.model, task: taskName(row.task), value: row.value },
      ...{ baseline: share(row.baseline), hypothesis: share(row.hypothesis) },
      hypothesisInterval: interval(row.hypothesis, row),
      regular: share(row.regular),
      regularInterval: interval(row.regular, row),
      ...(several ? { sweeps: row.sweeps } : {}),
      n: row.items,
    })),
  }
}

function headed(key: SettingKey): string {
  return keyTitles[key].replace(/^./, (first) => first.toUpperCase())
}

function settingsTable(sweeps: readonly SweepOfGroup[]): Table {
  const keys = ['demonstrations', 'prompt', 'dummyQueries', 'seed', 'numerics'] as const
  const further = varying(sweeps).filter((key) => !(keys as readonly string[]).includes(key))
  return {
    id: 'settings',
    title: 'Settings',
    caption:
      'A sweep per row; the sweeps of one group share their items. taskvec report SWEEP shows one in full, with its further experiments.',
    columns: {
      ...{ sweep: 'Sweep', demonstrations: 'k', prompt: 'Prompt', dummyQueries: 'Dummy queries' },
      ...{ seed: 'Seed', numerics: 'Numerics' },
      ...Object.fromEntries(further.map((key) => [key, headed(key)])),
      status: 'Status',
    },
    align: `lrlrrl${further.map(() => 'l').join('')}l`,
    rows: sweeps.map(({ id, setting, status }) => ({ ...setting, sweep: id, status })),
  }
}
