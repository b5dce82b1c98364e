import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { unitKinds } from '../../src/experiments/catalog.js'
import { effectCommand } from '../../src/cli/effect-command.js'
import { openReadOnly } from '../../src/store/open.js'
import { mainResults } from '../../src/store/results.js'
import { openStore } from '../../src/store/store.js'
import { runTask, sweep } from '../store/sample.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-effect-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('suggests a test query that θ answers, of a task and a model that predict knows by their ids', () => {
  const file = join(folder, 'sample.db')
  const store = openStore(file, unitKinds)
  const { models, tasks } = sweep('sample-1')
  store.createSweep(sweep('sample-1'))
  runTask(store, 'sample-1', 'upper', [3, 2, 1, 0])
  store.close()
  const db = openReadOnly(file)
  const rows = mainResults(db, 'sample-1').map((row) => ({ ...row, baseline: 0 }))
  const suggested = (config: object) => effectCommand(db, 'sample-1', config as never, rows)
  expect(suggested({ models: [{ id: 'm' }], tasks })).toMatch(
    /^npx taskvec predict --model m --task upper --layer 0 --query "upper-test-\d"$/,
  )
  expect(suggested({ models: [{ id: 'm', path: models[0]?.source }], tasks })).toBeNull()
  expect(suggested({ models: [{ id: 'm' }], tasks: [{ kind: 'list', id: 'upper' }] })).toBeNull()
  db.close()
})
