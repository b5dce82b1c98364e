import Database from 'better-sqlite3'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sweepSide } from '../../src/report/comparison-sides.js'
import { describeNamesakes, namesakes } from '../../src/report/namesakes.js'
import { findSweep } from '../../src/store/sweeps.js'
import { writeSample } from './sample-database.js'

it('models and tasks that share an id with the paper but differ are not compared with it', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'taskvec-namesakes-')), 'sample.db')
  writeSample(file)
  const db = new Database(file)
  const sweep = findSweep(db, undefined)
  expect(namesakes(db, sweep.id)).toEqual({ models: [], tasks: [] })
  const list = 'algorithmic_to_upper'
  db.prepare("update sweep_tasks set spec = json_object('kind', 'list') where task_id = ?").run(list)
  db.exec('update models set parameters = 72160')
  const found = namesakes(db, sweep.id)
  expect(found.models).toEqual(['llama-7b'])
  expect(found.tasks).toEqual([list])
  expect(describeNamesakes(found)[0]).toMatch(/^llama-7b is not compared .* another model .* another id\.$/)
  const left = sweepSide(db, sweep, found)
  expect([left.main(), left.curves()].flat().filter(({ model }) => model === 'llama-7b')).toEqual([])
  expect(left.main().length).toBeGreaterThan(0)
  expect(left.main().filter(({ task }) => task === list)).toEqual([])
  db.close()
})
