import { execa } from 'execa'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { isAlive } from '../../src/system/process-table.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { enginesOf, Sandbox, until as within } from '../sweep/sandbox.js'
import { makeTinyModel } from '../tiny-model.js'
import { Network } from './network.js'

const bin = join(projectRoot(), 'bin', 'taskvec.js')
const settings = {
  tasks: ['to_upper', 'to_lower', 'list_first', 'list_last', 'next_letter', 'prev_letter'].map(
    (task) => `algorithmic_${task}`,
  ),
  ...{ devItems: 40, testItems: 40, baselineItems: 40, layersPerActivity: 1 },
}
const key = 'a7'.repeat(32)

/** Five programs start at once here: they need longer than one. */
const until = (what: string, holds: () => boolean | Promise<boolean>) => within(what, holds, 240_000)

/** A process on one of the hosts, and what it has said. */
interface Running {
  readonly child: ReturnType<typeof launch>
  readonly said: () => string
}

const patience = 600_000

// The first host has the database and the store worker, the second the Temporal server, the others compute. Each has a
// network namespace with an address of its own, and a home of its own; they share no file but the program.
const refusal = Network.refusal()
describe.skipIf(refusal !== null)(
  `a sweep over several hosts${refusal ? ` (skipped: ${refusal})` : ''}`,
  () => {
    let sandbox: Sandbox
    let network: Network
    let address: string
    let server: Running
    let expected: Awaited<ReturnType<Sandbox['exported']>>
    const started: Running[] = []

    beforeAll(async () => {
      sandbox = await Sandbox.create()
      const undisturbed = join(sandbox.folder, 'undisturbed.db')
      const { exitCode } = await sandbox.taskvec(['run', sandbox.config('hosts', settings)], {
        db: undisturbed,
      })
      expect(exitCode).toBe(0)
      expected = sandbox.exported(undisturbed)

      network = new Network(`tv${process.pid % 10_000}`, `10.77.${process.pid % 250}`)
      for (const host of ['a', 's', 'b', 'c']) {
        const own = network.add(host)
        if (host === 's') address = `${own}:7233`
        mkdirSync(join(sandbox.folder, host))
      }
      writeFileSync(join(sandbox.folder, 'key'), key)
      const { path } = await findServerBinary()
      server = start('s', [
        // On every address: its services look for each other on 127.0.0.1, whatever it listens on.
        ...[path, 'server', 'start-dev', '--headless', '--ip', '0.0.0.0', '--port', '7233'],
        ...['--db-filename', join(sandbox.folder, 's', 'server.db'), '--log-level', 'error'],
      ])
      await sleep(3000)
    }, patience)
    afterAll(async () => {
      for (const { child } of started) child.kill('SIGKILL')
      await Promise.all(started.map(({ child }) => child))
      network[Symbol.dispose]()
      await sandbox[Symbol.asyncDispose]()
    })

    function start(host: string, command: readonly string[]): Running {
      const [program = '', ...args] = [...network.on(host), ...command]
      const child = launch(program, args, join(sandbox.folder, host), join(sandbox.folder, 'key'))
      let text = ''
      child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
      const running = { child, said: () => text }
      started.push(running)
      return running
    }

    /** Stops a worker's engine, so that there is work left; returns what continues it. */
    async function hold({ child }: Running): Promise<() => void> {
      const [engine] = (await enginesOf(child.pid as number)) as [number] // `ip netns exec` becomes the program
      process.kill(engine, 'SIGSTOP')
      return () => void process.kill(engine, 'SIGCONT')
    }

    const taskvec = (host: string, ...args: string[]) =>
      start(host, [process.execPath, bin, ...args, '--address', address])
    const worker = (host: string, model = sandbox.model) =>
      taskvec(host, 'worker', '--models', `tiny=${model}`, '--engines', '1')
    const sweep = (db: string) =>
      taskvec('a', 'run', sandbox.config('hosts', settings), '--db', db, '--elsewhere', 'all')

    it(
      'reports that it waits for a worker with the model, and continues with the remaining worker when one is cut off or killed',
      async () => {
        const db = join(sandbox.folder, 'a', 'results.db')
        const run = sweep(db)
        await until('it says that it waits', () => run.said().includes('tiny: no worker has it; waiting'))
        expect(await sandbox.taskvec(['status', '--json'], { db })).toMatchObject({ exitCode: 0 })

        const b = worker('b')
        const c = worker('c')
        await until('it says who came', () => /tiny: on \S+\/\d+/.test(run.said()))
        const listed = await taskvec('a', 'workers', '--db', db, '--json').child
        const { workers, absent } = JSON.parse(String(listed.stdout)) as {
          workers: object[]
          absent: string[]
        }
        expect(absent).toEqual([])
        expect(workers[0]).toMatchObject({ model: 'tiny', engines: 1, device: 'cpu', usable: true })

        await until('b computes', () => b.said().includes('dev: done'))
        const continueB = await hold(b)
        network.cut('b')
        await until('c computes', () => c.said().includes('dev: done'))
        const continueC = await hold(c)
        await sleep(1000)
        network.restore('b')
        continueB()
        await sleep(1000)
        const pid = c.child.pid as number
        process.kill(pid, 'SIGKILL')
        continueC()
        await until('its engines followed', async () => (await enginesOf(pid)).length === 0)
        const { exitCode } = await run.child
        expect(exitCode).toBe(0)
        expect(sandbox.exported(db)).toEqual(expected)
        b.child.kill('SIGTERM')
        await b.child

        // With the key, nothing of a task is readable in the server's database; ids are.
        const stored = readFileSync(join(sandbox.folder, 's', 'server.db'), 'latin1')
        expect(stored).toContain('taskvec-model-tiny')
        expect(stored).not.toContain('demonstrations')
      },
      patience,
    )

    it(
      'sends no work to a worker that has other files under the same model id',
      async () => {
        const db = join(sandbox.folder, 'a', 'second.db')
        const right = worker('b')
        await until('it is there', () => right.said().includes('Worker for tiny'))
        const run = sweep(db)
        await until('the sweep has begun', () => right.said().includes('load: done'))
        const release = await hold(right)
        const wrong = worker('c', makeTinyModel(join(sandbox.folder, 'c', 'other'), { seed: 9 }))
        await until('the other is there', () => wrong.said().includes('Worker for tiny'))
        release()
        const { exitCode } = await run.child
        expect(exitCode).toBe(0)
        expect(wrong.said()).not.toMatch(/(dev|test|baseline): done/)
        const listed = await taskvec('a', 'workers', '--db', db, '--json').child
        const { workers } = JSON.parse(String(listed.stdout)) as {
          workers: { worker: string; usable: boolean }[]
        }
        // Those of the test before are remembered for a while.
        const usable = ({ child }: Running) =>
          workers.find(({ worker }) => worker.endsWith(`/${child.pid}`))?.usable
        expect([usable(right), usable(wrong)]).toEqual([true, false])
        expect(sandbox.exported(db)).toEqual(expected)
        for (const { child } of [right, wrong]) child.kill('SIGTERM')
        await Promise.all([right.child, wrong.child])
      },
      patience,
    )

    it(
      'refuses a worker with damaged weights before it takes any work',
      async () => {
        const damaged = join(sandbox.folder, 'b', 'damaged')
        cpSync(sandbox.model, damaged, { recursive: true })
        writeFileSync(
          join(damaged, 'model.safetensors'),
          readFileSync(join(damaged, 'model.safetensors')).subarray(0, 20_000),
        )
        const { exitCode, stderr } = await worker('b', damaged).child
        expect(String(stderr)).toContain('truncated')
        expect(exitCode).toBe(1)
        expect(isAlive(server.child.pid as number)).toBe(true)
      },
      patience,
    )
  },
)

/** With a home of its own, and the payload key that all have. */
function launch(program: string, args: readonly string[], home: string, keyFile: string) {
  return execa(program, args, {
    ...{ reject: false, stdin: 'ignore', cwd: home },
    env: { TASKVEC_HOME: home, TEMPORAL_ADDRESS: '', TASKVEC_PAYLOAD_KEY_FILE: keyFile },
  })
}
