import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Sandbox, until } from './sandbox.js'

const settings = {
  tasks: ['algorithmic_to_upper', 'algorithmic_list_last'],
  ...{ devItems: 20, testItems: 20, baselineItems: 20, layersPerActivity: 1 },
}

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
})
afterAll(() => sandbox[Symbol.asyncDispose]())

it('a sweep resumes from a backup that was made while it ran, after its database was lost', async () => {
  const undisturbed = join(sandbox.folder, 'undisturbed.db')
  await sandbox.taskvec(['run', sandbox.config('saved', settings)], { db: undisturbed })
  const expected = sandbox.exported(undisturbed)

  const db = join(sandbox.folder, 'lost.db')
  const copy = join(sandbox.folder, 'copy.db')
  const run = sandbox.taskvec(['run', sandbox.config('saved', settings)], { db })
  await until('cells are stored', () => sandbox.said(run, 'tiny: in memory'))
  const backup = await sandbox.taskvec(['backup', copy], { db })
  expect(backup.stdout).toContain('checked')
  expect(backup.exitCode).toBe(0)
  run.kill('SIGKILL')
  await run

  // As docs/reliability.md says.
  for (const part of ['', '-wal', '-shm']) rmSync(`${db}${part}`, { force: true })
  copyFileSync(copy, db)
  const resumed = await sandbox.taskvec(['resume'], { db })
  expect(resumed.exitCode).toBe(0)
  expect(sandbox.exported(db)).toEqual(expected)
  const verified = await sandbox.taskvec(['verify', '--full'], { db })
  expect(verified.stdout).toContain('No differences found.')
})
