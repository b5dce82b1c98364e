import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backUp } from '../../src/store/backup.js'
import { openReadOnly } from '../../src/store/open.js'
import { checkInvariants } from '../../src/verify/invariants.js'
import { recompute } from '../../src/verify/recompute.js'
import { recomputeUnits } from '../../src/verify/recompute-units.js'
import { alteredCopy } from '../altered-database.js'
import { Sandbox } from '../sweep/sandbox.js'

let sandbox: Sandbox
/** A finished sweep's database, in one file. */
let good: string

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  const config = sandbox.config('verified', {
    tasks: ['algorithmic_to_upper', 'algorithmic_next_letter', 'knowledge_country_capital'],
    ...{ devItems: 4, testItems: 4, baselineItems: 4, layersPerActivity: 4 },
    experiments: [
      'main',
      { robustness: { thetas: 3, devItems: 2 } },
      { projection: { top: 2 } },
      { conflicting: { items: 2, pairs: [['algorithmic_to_upper', 'algorithmic_next_letter']] } },
      { beyond: { items: 2, demonstrationSets: [1, 2], decodability: { thetas: 3 } } },
    ],
  })
  const { exitCode } = await sandbox.taskvec(['run', config])
  expect(exitCode).toBe(0)
  good = join(sandbox.folder, 'good.db')
  await backUp(sandbox.db, good)
}, 1_800_000)
afterAll(() => sandbox[Symbol.asyncDispose]())

const altered = (sql: string) => alteredCopy(good, sql)

function problems(file: string): string[] {
  const reader = openReadOnly(file)
  const found = checkInvariants(reader).flatMap(({ check, problems }) => problems.map(() => check))
  reader.close()
  return [...new Set(found)]
}

describe('invariants', () => {
  it('hold for a database as a sweep left it, and something was checked by each', () => {
    const reader = openReadOnly(good)
    const results = checkInvariants(reader)
    reader.close()
    expect(results.flatMap((result) => result.problems)).toEqual([])
    expect(results.map(({ check, checked }) => [check, checked > 0])).toEqual(
      results.map(({ check }) => [check, true]),
    )
    expect(results.find(({ check }) => check.startsWith('judgements'))?.checked).toBe(3 * (6 + 3) * 4)
  })

  const anyRun = "(select id from runs where kind = 'regular' limit 1)"
  it.each([
    ['a score', `update runs set correct = (correct + 1) % items where id = ${anyRun}`, 'counts of runs'],
    [
      'what a cell says of its run',
      'update cells set correct = (correct + 1) % items where layer = 0',
      'scores of cells',
    ],
    [
      'a verdict',
      `update predictions set correct = 1 - correct where run_id = ${anyRun} and item = 0`,
      'judgements of predictions',
    ],
    [
      'a text',
      `update predictions set text = (select answer from items i join runs r using (items_hash) where r.id = run_id and i.item = predictions.item) where run_id = ${anyRun} and correct = 0`,
      'judgements of predictions',
    ],
    [
      'a rank',
      `update predictions set answer_rank = 1 where answer_logit_difference < 0`,
      'judgements of predictions',
    ],
    ['a lost prediction', `delete from predictions where run_id = ${anyRun} and item = 3`, 'counts of runs'],
    ['an item', `update items set query = query || 'x' where item = 0`, 'hashes of configs, items and pairs'],
    ['a pair', `update task_pairs set output = 'x' where position = 0`, 'hashes of configs, items and pairs'],
    [
      'a config',
      `update sweeps set config = replace(config, '"seed":41', '"seed":42')`,
      'hashes of configs, items and pairs',
    ],
    ['the best layer', `update prepared_tasks set best_layer = (best_layer + 1) % 6`, 'best layers'],
    [
      'a run of other items',
      `update runs set items_hash = (select items_hash from items where items_hash <> runs.items_hash limit 1) where id = ${anyRun}`,
      'keys of runs',
    ],
    [
      'the numeric set-up',
      `update prepared_tasks set numerics = replace(numerics, '"threads":1', '"threads":2')`,
      'keys of runs',
    ],
    ['a task vector', `update task_vectors set "values" = zeroblob(4)`, 'task vectors'],
    [
      'a lost run of a complete sweep',
      `delete from predictions where run_id = ${anyRun}; delete from runs where id = ${anyRun}`,
      'completeness of sweeps',
    ],
    ['a row without its parent', `delete from models`, 'file integrity'],
    ['an analysis without its rows', `delete from theta_distances`, 'further experiments'],
  ])('find %s that was altered', (_, sql, check) => {
    const file = altered(sql)
    expect(problems(file)).toContain(check)
  })
})

describe('recomputed runs', () => {
  async function again(file: string, fraction: number, seed = 1) {
    const reader = openReadOnly(file)
    try {
      return await recompute(reader, { fraction, seed })
    } finally {
      reader.close()
    }
  }

  it('are bit-identical, all of them and any sample', async () => {
    const all = await again(good, 1)
    expect(all).toMatchObject({
      runs: 27,
      of: 27,
      predictions: 108,
      identical: 108,
      largest: 0,
      problems: [],
      unchecked: [],
    })
    const some = await again(good, 0.2)
    expect(some.runs).toBeGreaterThanOrEqual(6)
    expect(some.runs).toBeLessThan(27)
    expect(some.problems).toEqual([])
  })

  it('show each replaced value that no invariant can show', async () => {
    const changes = [
      ['token = (token + 1) % 257', 'the token'],
      ["text = 'no answer at all'", 'the text'],
      ['answer_log_prob = answer_log_prob - 0.001', 'the log-probability'],
      ['answer_logit_difference = answer_logit_difference * 1.01', 'the logit difference'],
    ] as const
    const sql = changes.map(
      ([change], layer) =>
        `update predictions set ${change} where run_id = (select id from runs where split = 'dev' and layer = ${layer} limit 1) and item = 1 and correct = 0`,
    )
    const file = altered(sql.join(';'))
    expect(problems(file)).toEqual([])
    const { problems: found } = await again(file, 1)
    const said = found.map(({ where, message }) => `${where}: ${message}`)
    expect(said).toHaveLength(changes.length)
    for (const [layer, [, what]] of changes.entries()) {
      const expected = `^verified-\\w+ tiny \\S+ dev hypothesis L = ${layer}, item 1: .*${what} is`
      expect(said).toContainEqual(expect.stringMatching(expected))
    }
  })

  it('of a model that has changed are not compared, and are reported', async () => {
    const file = altered(
      "update prepared_tasks set model_hash = replace(model_hash, substr(model_hash, 1, 4), '0000')",
    )
    const { unchecked, runs } = await again(file, 1)
    expect(runs).toBe(0)
    expect(unchecked[0]).toMatchObject({ model: 'tiny', runs: 27 })
    expect(unchecked[0]?.reason).toContain("its weights differ from the sweep's")
  })
})

describe('recomputed further experiments', () => {
  async function again(file: string, fraction: number, seed = 1) {
    const reader = openReadOnly(file)
    try {
      return await recomputeUnits(reader, { fraction, seed })
    } finally {
      reader.close()
    }
  }

  it('are bit-identical, every unit of every kind and any sample', async () => {
    const reader = openReadOnly(good)
    const units = reader.prepare('select count(*) from unit_runs where complete').pluck().get() as number
    const kinds = reader.prepare('select count(distinct experiment) from unit_runs').pluck().get()
    reader.close()
    expect(kinds).toBeGreaterThanOrEqual(10)
    const all = await again(good, 1)
    expect(all).toMatchObject({ units, of: units, problems: [], unchecked: [] })
    expect(all.rows).toBeGreaterThan(100)
    expect(all.identical).toBe(all.rows)
    const some = await again(good, 0.2, 2)
    expect(some.units).toBe(Math.ceil(0.2 * units))
    expect(some.problems).toEqual([])
  })

  it('leave the database and the temporary folder as they were', async () => {
    const before = readFileSync(good)
    const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('taskvec-verify-'))
    const there = folders()
    await again(good, 0.2)
    expect(readFileSync(good)).toEqual(before)
    expect(folders().filter((name) => !there.includes(name))).toEqual([])
  })

  it('show each replaced value, and each missing or extra row', async () => {
    const file = altered(`
      update unit_scores set correct = case correct when 0 then 1 else correct - 1 end where rowid = (select max(rowid) from unit_scores);
      update thetas set "values" = zeroblob(length("values")) where rowid = (select min(rowid) from thetas);
      update projection_tokens set text = 'x' where rank = 1 and layer = 3;
      update theta_distances set within_mean = within_mean + 0.01;
      delete from projection_tokens where rank = 2 and layer = 3;
      insert into conflicting_predictions select run_id, kind, item + 7, query, answer_a, answer_b, token, text, correct_a, correct_b, answer_log_prob, answer_rank, answer_logit_difference, tokens, whole_log_prob, whole_rank from conflicting_predictions where item = 0
    `)
    const { problems: found } = await again(file, 1)
    const messages = found.map(({ message }) => message)
    for (const message of [
      /^unit_scores, .*: correct is/,
      /^thetas, .*: values is/,
      /^projection_tokens, .*rank 1.*: text is/,
      /^theta_distances, .*: within_mean is/,
      /^projection_tokens, .*rank 2.*: is missing in the file/,
      /^conflicting_predictions, .*: is missing when recomputed/,
    ])
      expect(messages).toContainEqual(expect.stringMatching(message))
  })
})

describe('taskvec verify', () => {
  it('reports that nothing differs and ends with 0', async () => {
    const { stdout, exitCode } = await sandbox.taskvec(['verify', '--full'], { db: good })
    expect(stdout).toContain('recomputed: 27 of 27 runs')
    expect(stdout).toContain('108 of them bitwise equal')
    expect(stdout).toMatch(/further experiments recomputed: (\d+) of \1 units .*, ok/)
    expect(stdout).toContain('No differences found.')
    expect(exitCode).toBe(0)
  })

  it('ends with 3 if something differs, also with --json', async () => {
    const file = altered('update runs set correct = (correct + 1) % items')
    const { stdout, exitCode } = await sandbox.taskvec(['verify', '--sample', '0', '--json'], { db: file })
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, differing: 27, recomputed: null })
    expect(exitCode).toBe(3)
  })

  it.each([
    [
      'overwritten',
      (file: string) => {
        const descriptor = openSync(file, 'r+')
        for (let page = 8; page < 40; page++)
          writeSync(descriptor, Buffer.alloc(2048, 0xa5), 0, 2048, page * 4096)
        closeSync(descriptor)
      },
    ],
    ['cut short', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096)],
  ])('of a file that was %s ends with an error, not with a verdict', async (name, damage) => {
    const file = join(sandbox.folder, `damaged-${name.replace(' ', '-')}.db`)
    copyFileSync(good, file)
    damage(file)
    const { exitCode, stdout } = await sandbox.taskvec(['verify', '--sample', '0'], { db: file })
    expect(stdout).not.toContain('No differences found')
    expect([1, 3]).toContain(exitCode)
  })
})
