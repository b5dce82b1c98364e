import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTinyModel } from '../tiny-model.js'
import { Sandbox } from './sandbox.js'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await Sandbox.create()
  makeTinyModel(join(sandbox.folder, 'tiny'), { blocks: 2, dModel: 8 })
})
afterAll(() => sandbox[Symbol.asyncDispose]())

describe('a task too large to be handed over whole', () => {
  it('is computed in parts, to the same bits as in one piece', async () => {
    const settings = { tasks: ['algorithmic_to_upper'], demonstrations: 2, dummyQueries: 1 }
    const config = sandbox.config('parts', {
      ...settings,
      devItems: 2_001,
      testItems: 4_001,
      baselineItems: 30,
    })
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'])
    expect(stderr).not.toContain('failed:')
    expect(exitCode).toBe(0)
    const partial = await sandbox.taskvec([
      'sql',
      "select count(*) as n from runs where key like 'partial%'",
      '--json',
    ])
    expect(partial.stdout).toContain('0')
    // Recomputes each run as a whole.
    const verified = await sandbox.taskvec(['verify', '--full'])
    expect(verified.stdout + verified.stderr).toMatch(
      /computed again: 5 of 5 runs .* (\d+) predictions, \1 of them the same to the bit/,
    )
    expect(verified.exitCode).toBe(0)
  })

  it('with sentences for demonstrations runs beside others', async () => {
    const rows = Array.from(
      { length: 80 },
      (_, i) => `the quick brown fox number ${i} jumps over it,"answer ${i} of them"`,
    )
    writeFileSync(join(sandbox.folder, 'list.csv'), `input,output\n${rows.join('\n')}\n`)
    const config = sandbox.config('sentences', {
      tasks: [{ id: 'sentences', list: 'list.csv', scoring: 'prefix' }, 'algorithmic_to_upper'],
      ...{ demonstrations: 9, devItems: 200, testItems: 900, baselineItems: 20, layers: [1] },
    })
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'])
    expect(stderr).not.toContain('failed:')
    expect(exitCode).toBe(0)
  })

  it.each([
    ['demonstrations', 100_000, /items that are computed together take \d+\.\d MB; 1\.0 MB at most/],
    ['dummyQueries', 100_000, /items that are computed together take \d+\.\d MB; 1\.0 MB at most/],
  ])('is refused before anything is computed where %s is at its maximum', async (key, value, message) => {
    const items = { devItems: 2, testItems: 2, baselineItems: 2, tasks: ['algorithmic_list_first'] }
    const { exitCode, stderr } = await sandbox.taskvec([
      'run',
      sandbox.config(key, { ...items, [key]: value }),
    ])
    expect(stderr).toMatch(message)
    expect(exitCode).toBe(3)
  })
})
