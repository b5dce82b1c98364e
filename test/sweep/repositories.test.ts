import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SweepConfig } from '../../src/config/sweep-config.js'
import { openReadOnly } from '../../src/store/open.js'
import { findSweep } from '../../src/store/sweeps.js'
import { startHub } from '../models/hub.js'
import { Sandbox } from './sandbox.js'

it('a sweep of a repository keeps the commit that it began with, also when the branch moves on', async () => {
  await using sandbox = await Sandbox.create({ keepServer: true })
  const hub = await startHub(sandbox.model)
  const commit = hub.revisions.get('main')
  const environment = {
    HF_ENDPOINT: hub.url,
    HF_HOME: join(sandbox.folder, 'hf'),
    ...{ HF_HUB_CACHE: undefined, HUGGINGFACE_HUB_CACHE: undefined, HF_TOKEN: undefined },
  }
  const counts = { devItems: 2, testItems: 2, baselineItems: 2 }
  const settings = { tasks: ['algorithmic_to_upper'], models: [{ id: 'tiny', repo: 'test/tiny' }], ...counts }
  const config = sandbox.config('mine', settings)

  const first = await sandbox.taskvec(['run', config], { environment })
  expect(first.stderr).toContain('Complete: 6 cells')
  hub.revisions.set('main', 'fedcba9876543210fedcba9876543210fedcba98')
  const steps = sandbox.config('steps', {
    ...{ tasks: ['algorithmic_to_upper'], ...counts },
    models: [{ id: 'tiny', repo: 'test/tiny', revision: [commit, 'main'] }],
  })
  const both = await sandbox.taskvec(['run', steps], { environment })
  expect(both.stderr).toContain('1 task')
  const table = await sandbox.taskvec(['results', 'steps', '--format', 'json'])
  const rows = JSON.parse(table.stdout) as { model: string }[]
  expect(rows.map(({ model }) => model)).toEqual([`tiny-${commit}`, 'tiny-main'])
  hub.files.clear()
  const again = await sandbox.taskvec(['run', config], { environment })
  await hub.close()
  expect(again.stderr).toContain('Complete: 6 cells')
  const resumed = await sandbox.taskvec(['resume', 'mine'], { environment })
  expect(resumed.stderr).toContain('Complete: 6 cells')

  const reader = openReadOnly(sandbox.db)
  const { models } = JSON.parse(findSweep(reader, 'mine').config) as SweepConfig
  reader.close()
  expect(models).toEqual([{ id: 'tiny', repo: 'test/tiny', revision: 'main', commit }])
})
