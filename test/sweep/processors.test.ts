import Database from 'better-sqlite3'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { backUp } from '../../src/store/backup.js'
import { openReadOnly } from '../../src/store/open.js'
import { recompute } from '../../src/verify/recompute.js'
import { alteredCopy } from '../altered-database.js'
import { makeTinyModel } from '../tiny-model.js'
import { Sandbox } from './sandbox.js'

/** Kinds of processors, with results that say that they come from another one; by qemu: test/processors. */

const small = { tasks: ['algorithmic_to_upper'], devItems: 3, testItems: 3, baselineItems: 3 }
const another = 'linux x64 avx512 00000000'

let sandbox: Sandbox
let config: string
let good: string
beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  makeTinyModel(join(sandbox.folder, 'twins'), { twins: true })
  config = sandbox.config('twins', { ...small, models: [{ id: 'twins', path: './twins' }] })
  expect((await sandbox.taskvec(['run', config, '--no-report'])).exitCode).toBe(0)
  good = join(sandbox.folder, 'good.db')
  await backUp(sandbox.db, good)
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const altered = (sql: string) => alteredCopy(good, sql)
const everyNumerics = (value: string) =>
  ['sweep_models', 'prepared_tasks', 'runs']
    .map((table) => `update ${table} set numerics = json_set(numerics, '$.kernels', '${value}')`)
    .join(';')
async function again(file: string) {
  const reader = openReadOnly(file)
  const result = await recompute(reader, { fraction: 1, seed: 1 })
  reader.close()
  return result
}
const toTwin = `update predictions set token = token + 1 - 2 * (token % 2), text = 'x'
  where run_id = (select id from runs where kind = 'regular') and item = 1`

it('records the kind of processor in every run', () => {
  const db = openReadOnly(good)
  const kinds = db.prepare("select distinct numerics ->> '$.kernels' from runs").pluck().all()
  db.close()
  expect(kinds).toEqual([expect.stringMatching(/^\w+ \w+( \w+)? [0-9a-f]{8}$/)])
})

it('a sweep that began on another kind is refused before anything is computed, with both named', async () => {
  const file = altered(`update sweeps set status = 'failed'; ${everyNumerics(another)}`)
  const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'], { db: file })
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(
    /twins: the results of sweep twins-\w+ come from another kind of processor: linux x64 avx512 00000000; this one is /,
  )
  expect(stderr).toContain('processors: any')
})

it('results of another kind are checked against a bound when recomputed, not to the last bit', async () => {
  const result = await again(altered(everyNumerics(another)))
  expect(result).toMatchObject({ problems: [], nearTies: [], unchecked: [] })
  expect(result.otherKinds).toEqual([expect.objectContaining({ model: 'twins', kernels: another })])
  expect(result.otherKinds[0]?.bound).toBeLessThan(1e-2)
})

it('a token whose logit ties with the stored one is a near tie there, and a difference on the same kind', async () => {
  expect(await again(altered(`${everyNumerics(another)}; ${toTwin}`))).toMatchObject({
    problems: [],
    nearTies: [
      {
        message: expect.stringMatching(
          /^the token is \d+ in the file, but \d+ when recomputed; their/,
        ) as string,
      },
    ],
  })
  expect((await again(altered(toTwin))).problems).toMatchObject([
    { message: expect.stringMatching(/^the token is/) as string },
  ])
})

it('a token that does not tie is a difference on another kind too', async () => {
  const other = toTwin.replace('token + 1 - 2 * (token % 2)', '(token + 100) % 256')
  expect((await again(altered(`${everyNumerics(another)}; ${other}`))).problems).toMatchObject([
    { message: expect.stringMatching(/^the token is/) as string },
  ])
})

it('w8a8 reports its gain on this machine before it starts, and is verified in w8a8', async () => {
  const approximate = sandbox.config('approximate', { ...small, numerics: 'w8a8' })
  const db = join(sandbox.folder, 'w8a8.db')
  const ran = await sandbox.taskvec(['run', approximate, '--no-report'], { db })
  expect(ran.exitCode).toBe(0)
  expect(ran.stderr).toMatch(/numerics: w8a8: a block takes \d\.\d\d of f32's time on this machine/)
  const verified = await sandbox.taskvec(['verify', '--full', '--json'], { db })
  expect(verified.exitCode).toBe(0)
  const { ok, recomputed } = JSON.parse(verified.stdout) as {
    ok: boolean
    recomputed: Record<string, number>
  }
  expect(ok).toBe(true)
  expect(recomputed['runs']).toBe(recomputed['of'])
  expect(recomputed['identical']).toBe(recomputed['predictions'])

  // What cannot be computed as it was is not "ok".
  const old = new Database(db)
  old.exec("update prepared_tasks set numerics = json_set(numerics, '$.revision', 3)")
  old.close()
  const reader = openReadOnly(db)
  const { runs, unchecked } = await recompute(reader, { fraction: 1, seed: 1 })
  reader.close()
  expect(runs).toBe(0)
  expect(unchecked).toMatchObject([{ reason: expect.stringContaining('revision is 5, not 3') as string }])
})

it('unchecked results are neither ok nor exit code 0', async () => {
  const file = altered("update sweep_models set source = '/nowhere'")
  const { exitCode, stdout } = await sandbox.taskvec(['verify', '--full'], { db: file })
  expect(exitCode).toBe(1)
  expect(stdout).toContain('NOTHING CHECKED')
  expect(stdout).not.toMatch(/recomputed.* ok|No differences found\./)
})
