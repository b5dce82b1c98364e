import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { join } from 'node:path'
import { textOf } from '../../src/report/formats.js'
import { groupRows } from '../../src/report/group-rows.js'
import { openReadOnly } from '../../src/store/open.js'
import { settingsOfGroup } from '../../src/store/settings.js'
import { findSweep } from '../../src/store/sweeps.js'
import { Sandbox, until } from './sandbox.js'

const common = {
  tasks: ['algorithmic_to_upper', 'algorithmic_next_letter'],
  devItems: 4,
  testItems: 4,
  baselineItems: 4,
}
const study = { ...common, demonstrations: [1, 2], prompts: ['qa', 'arrow'] }

let sandbox: Sandbox
let db: string
let group: string
let said: string

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  db = join(sandbox.folder, 'undisturbed.db')
  const single = await sandbox.taskvec(['run', sandbox.config('single', { ...common, demonstrations: 2 })], {
    db,
  })
  expect(single.stderr).toContain('Complete: 12 cells')
  const run = await sandbox.taskvec(['run', sandbox.config('study', study)], { db })
  expect(run.exitCode).toBe(0)
  said = run.stderr
  group = /taskvec results (study-\w+)/.exec(said.slice(said.indexOf('settings, one sweep each')))?.[1] ?? ''
})

afterAll(() => sandbox[Symbol.asyncDispose]())

async function results(args: readonly string[]): Promise<string> {
  const { stdout, exitCode } = await sandbox.taskvec(['results', group, ...args], { db })
  expect(exitCode).toBe(0)
  return stdout
}

/** Every table of all settings, as `taskvec results GROUP` writes it. */
function everything(file: string): string[] {
  const reader = openReadOnly(file)
  try {
    const sweeps = settingsOfGroup(reader, findSweep(reader, group))
    return ['main', 'layers', 'predictions'].map((table) => {
      const { columns, rows } = groupRows(reader, table, sweeps, {}, 'json', false)
      return [...textOf(rows, Object.keys(columns), 'json')].join('')
    })
  } finally {
    reader.close()
  }
}

type Row = Record<string, string | number>
const rowsOf = (text: string) => JSON.parse(text) as Row[]

describe('a config with lists', () => {
  it('runs each setting, and computes nothing that a sweep of one setting has stored', () => {
    expect(said).toContain('Setting 1 of 4: k = 1, prompt qa')
    const lines = said.split('\n').filter((line) => line.startsWith('Complete'))
    expect(lines.map((line) => /12 cells, 12 of them reused/.test(line))).toEqual([false, false, false, true])
  })

  it('names the setting of every row, compared on the same queries', async () => {
    const rows = rowsOf(await results(['--table', 'predictions', '--json']))
    const queries = new Map<string, unknown[]>()
    for (const { demonstrations, prompt, task, split, kind, layer, query } of rows) {
      const key = JSON.stringify([task, split, kind, layer === 0 || layer === null ? layer : 'other'])
      if (layer !== null && layer !== 0) continue
      const setting = `${key} ${demonstrations} ${prompt}`
      queries.set(setting, [...(queries.get(setting) ?? []), query])
    }
    for (const [setting, own] of queries)
      if (setting.includes('dev') || setting.includes('regular'))
        expect(own, setting).toEqual(queries.get(setting.replace(/ \d \w+$/, ' 2 arrow')))
    const [main] = rowsOf(await results(['--json']))
    expect(main).toMatchObject({ demonstrations: 1, prompt: 'qa', dummyQueries: 2, seed: 41 })
    for (const kind of ['baseline', 'hypothesis', 'regular'])
      expect(typeof main?.[`${kind}FirstToken`], kind).toBe('number')
  })

  it('has means by an axis, over all else', async () => {
    const all = rowsOf(await results(['--json']))
    const by = rowsOf(await results(['--by', 'demonstrations', '--json']))
    expect(by).toHaveLength(4)
    for (const row of by) {
      const of = all.filter(
        ({ task, demonstrations }) => task === row['task'] && demonstrations === row['demonstrations'],
      )
      expect(row['settings']).toBe(2)
      expect(row['regular']).toBeCloseTo(
        of.reduce((sum, { regular }) => sum + Number(regular), 0) / of.length,
      )
    }
    expect(await results(['--by', 'prompt,demonstrations', '--format', 'csv'])).toContain(
      'prompt,demonstrations,settings',
    )
  })

  it('ends, killed between and within settings and resumed, with the same bytes', async () => {
    const killed = join(sandbox.folder, 'killed.db')
    for (const at of ['Setting 2 of 4', 'Setting 3 of 4']) {
      const args = at.includes('2') ? ['run', sandbox.config('study', study)] : ['resume']
      const run = sandbox.taskvec(args, { db: killed })
      const [, number = ''] = /Setting (\d)/.exec(at) ?? []
      await until(at, () => sandbox.said(run, number === '2' ? at : 'Setting 2 of 3'))
      process.kill(run.pid as number, 'SIGKILL')
      expect((await run).signal).toBe('SIGKILL')
    }
    const resumed = await sandbox.taskvec(['resume'], { db: killed })
    expect(resumed.exitCode).toBe(0)
    expect(everything(killed)).toEqual(everything(db))
    expect((await sandbox.taskvec(['resume', group], { db: killed })).stderr).toContain(
      'All settings of the group',
    )
  })

  it('has a report of curves over k and bars by prompt', async () => {
    const out = join(sandbox.folder, 'report')
    const { stdout } = await sandbox.taskvec(['report', group, '--out', out, '--json'], { db })
    const { figures } = JSON.parse(stdout) as { figures: unknown }
    expect(JSON.stringify(figures)).toMatch(/by-demonstrations.*by-prompt-tiny/)
  })
})

it('a dry run describes the config, with overrides of the command line, and computes nothing', async () => {
  const file = sandbox.config('planned', study)
  const plan = await sandbox.taskvec(
    [
      'run',
      file,
      '--set',
      'demonstrations=[1,2,3]',
      '--set',
      'tasks=algorithmic_to_upper',
      '--dry-run',
      '--json',
    ],
    { db: join(sandbox.folder, 'none.db') },
  )
  expect(JSON.parse(plan.stdout)).toMatchObject({ tasks: 1, models: 1, cells: 3 * 2 * 6, downloadBytes: 0 })
})
