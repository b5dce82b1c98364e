import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureServer, type RunningServer } from '../../src/temporal/server.js'
import { enginesOf, Sandbox, until } from './sandbox.js'

// One activity per cell, so that kills land in the middle of many; all of it takes some seconds.
const settings = {
  tasks: [
    'algorithmic_to_upper',
    'algorithmic_list_last',
    'algorithmic_next_letter',
    'algorithmic_list_first',
  ],
  devItems: 40,
  testItems: 40,
  baselineItems: 40,
  layersPerActivity: 1,
}

let sandbox: Sandbox
let undisturbed: Awaited<ReturnType<Sandbox['exported']>>

beforeAll(async () => {
  sandbox = await Sandbox.create()
  const db = join(sandbox.folder, 'undisturbed.db')
  const run = await sandbox.taskvec(['run', sandbox.config('faults', settings)], { db })
  expect(run.stderr).toContain('Complete: 24 cells')
  expect(run.exitCode).toBe(0)
  undisturbed = sandbox.exported(db)
})

afterAll(() => sandbox[Symbol.asyncDispose]())

describe('a sweep whose processes are killed', () => {
  // Moments after the first stored cell, ms.
  it.each([
    { engine: 150, server: 900, cli: 1500 },
    { engine: 700, server: 50, cli: 400 },
  ])(
    'ends, after taskvec resume, with the bytes of an undisturbed one (%j)',
    async ({ engine, server, cli }) => {
      const db = join(sandbox.folder, `killed-${engine}.db`)
      const run = sandbox.taskvec(['run', sandbox.config('faults', settings)], { db })
      const pid = run.pid as number
      await until('an engine runs', async () => (await enginesOf(pid)).length > 0)

      await sleep(engine)
      for (const each of await enginesOf(pid)) kill(each)
      await sleep(server)
      kill(sandbox.server().pid)
      await sleep(cli)
      kill(pid)
      expect((await run).signal).toBe('SIGKILL')
      await until('the engines followed', async () => (await enginesOf(pid)).length === 0)

      const resumed = await sandbox.taskvec(['resume'], { db })
      expect(resumed.stderr).toContain('Complete: 24 cells')
      expect(resumed.exitCode).toBe(0)
      expect(sandbox.exported(db)).toEqual(undisturbed)
    },
  )

  it('ends with the same bytes when a second worker takes part and is killed', async () => {
    const db = join(sandbox.folder, 'worker.db')
    const server = await ensureServer({ home: sandbox.home })
    const worker = sandbox.taskvec(
      ['worker', '--models', `tiny=${sandbox.model}`, '--address', server.settings.address, '--engines', '1'],
      { db: null },
    )
    await until('the worker waits for work', () => sandbox.said(worker, 'Worker for tiny'))
    const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], { db })
    await until('the worker computes', async () => (await enginesOf(worker.pid as number)).length > 0)
    await sleep(300)
    kill(worker.pid as number)
    expect((await worker).signal).toBe('SIGKILL')
    const { exitCode, stderr } = await run
    expect(stderr).toContain('shared with another taskvec process')
    expect(exitCode).toBe(0)
    await server.stop()
    expect(sandbox.exported(db)).toEqual(undisturbed)
  })
})

describe('the same sweep', () => {
  // One for all: its start and end are not what is tested here.
  let server: RunningServer
  beforeAll(async () => {
    server = await ensureServer({ home: sandbox.home })
  })
  afterAll(() => server.stop())

  it('run again computes nothing and reports what it reused', async () => {
    const db = join(sandbox.folder, 'undisturbed.db')
    const again = await sandbox.taskvec(['run', sandbox.config('faults', settings)], { db })
    expect(again.exitCode).toBe(0)
    const other = await sandbox.taskvec(['run', sandbox.config('other-name', settings)], { db })
    expect(other.stderr).toContain('24 of them reused from the database')
    const runs = await sandbox.taskvec(['sql', 'select count(*) as n from runs', '--json'], { db })
    expect(JSON.parse(runs.stdout)).toEqual([{ n: 4 * (6 + 3) }])
    expect(sandbox.exported(db)).toEqual(undisturbed)
  })

  it.each([4, 'all'])('gives the same predictions with layersPerActivity %s', async (layersPerActivity) => {
    const db = join(sandbox.folder, `chunks-${layersPerActivity}.db`)
    const run = await sandbox.taskvec(
      ['run', sandbox.config(`chunks-${layersPerActivity}`, { ...settings, layersPerActivity })],
      { db },
    )
    expect(run.exitCode).toBe(0)
    expect(toTheToken(sandbox.exported(db))).toEqual(toTheToken(undisturbed))
    expect(await logProbs(db)).toSatisfy((values: number[]) =>
      values.every((value, i) => Math.abs(value - (expected[i] as number)) < 1e-4),
    )
  })

  /** Without log-probabilities and logit differences: the layers computed together may move their last bits. */
  function toTheToken({ main, layers, predictions }: typeof undisturbed) {
    const rows = JSON.parse(predictions) as Record<string, unknown>[]
    expect(rows[0]).toHaveProperty('answerLogitDifference')
    return {
      main,
      layers,
      predictions: rows.map(({ answerLogProb: _, answerLogitDifference: __, ...row }) => row),
    }
  }

  let expected: number[]
  beforeAll(async () => {
    expected = await logProbs(join(sandbox.folder, 'undisturbed.db'))
    expect(expected).toHaveLength(4 * (6 + 3) * 40)
  })

  async function logProbs(db: string): Promise<number[]> {
    const order =
      "select answer_log_prob as p from item_predictions where sweep not like 'other%' order by model, task, split, kind, layer, item"
    const { stdout } = await sandbox.taskvec(['sql', order, '--json', '--limit', '100000'], { db })
    return (JSON.parse(stdout) as { p: number }[]).map(({ p }) => p)
  }
})

describe('a running sweep', () => {
  const run = (db: string, ...args: string[]) =>
    sandbox.taskvec(['run', sandbox.config('faults', settings), ...args], { db })

  /** Stops one of its engines with work in hand, so that it cannot end; returns what continues it. */
  async function held(pid: number): Promise<() => void> {
    await until('an engine runs', async () => (await enginesOf(pid)).length > 0)
    const [engine] = (await enginesOf(pid)) as [number]
    process.kill(engine, 'SIGSTOP')
    return () => void process.kill(engine, 'SIGCONT')
  }

  it('is stopped by taskvec cancel, with its engines; resumed, it ends with the same bytes as an uninterrupted one', async () => {
    const db = join(sandbox.folder, 'cancelled.db')
    const running = run(db)
    await held(running.pid as number) // one that does not answer is killed
    const cancel = await sandbox.taskvec(['cancel', 'faults'], { db })
    expect(cancel.stderr).toContain('Cancelled: faults')
    const { exitCode, stderr } = await running
    expect(stderr).toContain('Next: npx taskvec resume')
    expect(exitCode).toBe(4)
    expect(await enginesOf(running.pid as number)).toEqual([])
    const status = await sandbox.taskvec(['status', '--json'], { db })
    expect(JSON.parse(status.stdout)).toMatchObject({ status: 'cancelled', runningIn: null })

    const resumed = await sandbox.taskvec(['resume', 'faults'], { db })
    expect(resumed.stderr).toContain('Complete: 24 cells')
    expect(resumed.exitCode).toBe(0)
    expect(sandbox.exported(db)).toEqual(undisturbed)
  })

  it('on another server than the one given to taskvec cancel keeps running, and the message says so', async () => {
    const db = join(sandbox.folder, 'elsewhere.db')
    const server = await ensureServer({ home: join(sandbox.folder, 'other-home') })
    const running = run(db, '--address', server.settings.address, '--engines', '1')
    const release = await held(running.pid as number)
    const { exitCode, stderr } = await sandbox.taskvec(['cancel', 'faults'], { db })
    expect(stderr).toMatch(/sweep faults-\w+ is running, but not at the Temporal server 127\.0\.0\.1:\d+/)
    expect(stderr).toContain('--address')
    expect(exitCode).toBe(1)
    release()
    running.kill('SIGINT')
    expect((await running).exitCode).toBe(130)
    await server.stop()
  })

  it('stops cleanly on Ctrl-C, prints how to resume and leaves no process behind', async () => {
    const db = join(sandbox.folder, 'interrupted.db')
    const running = run(db)
    await until('an engine runs', async () => (await enginesOf(running.pid as number)).length > 0)
    running.kill('SIGINT')
    const { exitCode, stderr } = await running
    expect(stderr).toContain('Next: npx taskvec resume faults')
    expect(exitCode).toBe(130)
    const { stdout } = await execa('ps', ['-eo', 'args='])
    expect(stdout.split('\n').filter((line) => line.includes(sandbox.home) || line.includes(db))).toEqual([])
  })

  it('locks its database against a second one, which names the process that holds it', async () => {
    const db = join(sandbox.folder, 'held.db')
    const running = run(db)
    const release = await held(running.pid as number)
    const second = await sandbox.taskvec(['run', sandbox.config('short', settings)], { db })
    expect(second.stderr).toContain(`process ${running.pid} is running a sweep with this database`)
    expect(second.exitCode).toBe(1)
    release()
    running.kill('SIGINT')
    await running
  })
})

function kill(pid: number): void {
  process.kill(pid, 'SIGKILL')
}
