import type Database from 'better-sqlite3'
import { stringify } from 'yaml'
import type { SweepConfig } from '../../config/sweep-config.js'
import { modelRecords, sweepRecord, taskRecords } from '../../store/report-queries.js'
import { described, settingOf, varying, type SweepOfGroup } from '../../store/settings.js'
import { sweepMode, type SweepSummary } from '../../store/sweeps.js'
import type { Row } from '../../figures/table.js'
import { taskLabels } from '../task-labels.js'
import { table4, table5 } from '../tables/run-tables.js'
import type { Table } from '../../figures/table.js'
import { table, type Section } from '../../figures/section.js'

/** Config, versions, hashes, seeds, time: what determines the results, and where they were computed. */
export function whatWasRun(
  db: Database.Database,
  sweep: SweepSummary,
  group: readonly SweepOfGroup[],
): Section {
  const { codeVersion, machine, seed } = sweepRecord(db, sweep.id)
  const { cpu, cores, memoryBytes, system, node } = JSON.parse(machine) as Record<string, string | number>
  const axes = varying(group)
  const others = group.flatMap(({ id }) => (id === sweep.id ? [] : [id]))
  const facts = {
    sweep: sweep.id,
    status: sweep.status,
    ...(axes.length > 0 && axes.join() !== 'seed' ? { setting: described(settingOf(sweep), axes) } : {}),
    seed:
      group.length > 1
        ? `${seed}; the config's other ${axes.join() === 'seed' ? 'seeds' : 'settings'}: ${others.join(', ')}`
        : seed,
    started: sweep.createdAt,
    ...(sweep.finishedAt === null ? {} : { finished: sweep.finishedAt }),
    numerics: sweepMode(sweep) ?? 'f32',
    taskvec: codeVersion,
    node: node ?? '',
    machine: [cpu, `${cores} cores`, `${(Number(memoryBytes) / 1e9).toFixed(1)} GB`, system].join(', '),
  }
  return {
    id: 'run',
    title: 'What was run',
    blocks: [
      table(factsTable(Object.entries(facts).map(([what, value]) => ({ what, value })))),
      table(table4(modelRecords(db, sweep.id))),
      table(table5(taskRecords(db, sweep.id), taskLabels(sweep))),
      {
        code: stringify(readableConfig(JSON.parse(sweep.config) as Partial<SweepConfig>), { lineWidth: 100 }),
      },
    ],
  }
}

function factsTable(rows: readonly Row[]): Table {
  return {
    id: 'sweep',
    title: 'The sweep',
    caption: 'As first started; the config below has all defaults filled in.',
    columns: { what: '', value: '' },
    align: 'lp{11cm}',
    rows,
  }
}

/** Without the file's path, and with word lists and items counted instead of written out. */
function readableConfig({
  file: _file,
  settings: _settings,
  tasks = [],
  models = [],
  ...config
}: Partial<SweepConfig>): unknown {
  return {
    ...config,
    models: models.map(({ id, path }) =>
      path === undefined ? id : { id, path: path.split(/[\\/]/).at(-1) },
    ),
    tasks: tasks.map((task) => {
      if (task.kind === 'list')
        return { id: task.id, scoring: task.scoring, list: `${task.pairs.length} pairs` }
      if (task.kind === 'builtin') return task.top === undefined ? task.id : { id: task.id, top: task.top }
      const counts = Object.entries(task.items).map(([split, items]) => `${items.length} ${split}`)
      return { id: task.id, scoring: task.scoring, items: counts.join(', ') }
    }),
  }
}
