import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enginesOf, Sandbox, until } from './sandbox.js'

// One activity per cell, so that an interrupted sweep leaves some behind.
const settings = {
  tasks: ['algorithmic_to_upper', 'algorithmic_list_last', 'algorithmic_next_letter'],
  devItems: 20,
  testItems: 20,
  baselineItems: 20,
  layersPerActivity: 1,
}

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await Sandbox.create()
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const run = (name: string, db: string, seed: number) =>
  sandbox.taskvec(
    ['run', sandbox.config(name, { ...settings, seed }), '--engines', '1', '--log-format', 'json'],
    { db: join(sandbox.folder, db) },
  )
type Run = ReturnType<typeof run>

/** Its engine stands still, with more work handed out. */
async function held(running: Run): Promise<number> {
  const engines = () => enginesOf(running.pid as number)
  await until(
    'work is handed out',
    async () => sandbox.said(running, '"phase":"dev"') && (await engines()).length > 0,
  )
  const [engine] = (await engines()) as [number]
  process.kill(engine, 'SIGSTOP')
  return engine
}

async function killed(running: Run): Promise<void> {
  const engine = await held(running)
  process.kill(running.pid as number, 'SIGKILL')
  process.kill(engine, 'SIGKILL')
  expect((await running).signal).toBe('SIGKILL')
}

/** Names of the sweeps that a process computed for. */
function computedFor(stderr: string): string[] {
  const begun = stderr.split('\n').filter((line) => line.includes('"event":"begun"'))
  const ids = begun.map((line) => (JSON.parse(line) as { workflowId: string }).workflowId)
  return [...new Set(ids.map((id) => id.replace(/^taskvec\/[^/]+\/(\w+)-.*/, '$1')))]
}

describe('a killed sweep', () => {
  it.each([
    { of: 'another', db: 'first.db', next: 'next.db' },
    { of: 'the same', db: 'same.db', next: 'same.db' },
  ])(
    'leaves nothing to be computed by a later one of $of database, which says so, and is resumed',
    async ({ db, next }) => {
      await killed(run('left', db, 41))
      const later = await run('later', next, 42)
      expect(later.stderr).toMatch(/Ended the workflow of sweep left-\w+, which was interrupted/)
      expect(computedFor(later.stderr)).toEqual(['later'])
      expect(later.exitCode).toBe(0)

      const resumed = await sandbox.taskvec(['resume', 'left'], { db: join(sandbox.folder, db) })
      expect(resumed.stderr).toContain('Complete: 18 cells')
      expect(resumed.exitCode).toBe(0)
    },
  )

  it('leaves nothing to be computed by one that runs already', async () => {
    const running = run('beside', 'beside.db', 43)
    const engine = await held(running)
    await killed(run('left', 'killed.db', 44))
    process.kill(engine, 'SIGCONT')
    const { stderr, exitCode } = await running
    expect(computedFor(stderr)).toEqual(['beside'])
    expect(exitCode).toBe(0)
  })
})

it('running sweeps of the same model do not affect each other', async () => {
  const both = await Promise.all([run('one', 'one.db', 45), run('two', 'two.db', 46)])
  for (const { stderr, exitCode } of both) {
    expect(stderr).not.toContain('was interrupted')
    expect(exitCode).toBe(0)
  }
})
