import { execa } from 'execa'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureServer } from '../../src/temporal/server.js'
import { connectClient } from '../../src/temporal/connection.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { enginesOf, until, type Sandbox } from '../sweep/sandbox.js'
import { makeTinyModel } from '../tiny-model.js'
import { fullDisks } from './full-disks.js'
import { settings, type Fault } from './sweep-under-fault.js'

/** Faults other than kills. Each leaves a database with a complete sweep, and says what it saw. */
export const cases: Readonly<Record<string, Fault>> = {
  'worker stopped (SIGSTOP) for 20 s, then continued': stoppedWorker,
  'engine killed by the kernel for memory': outOfMemory,
  'server away for 75 s': serverAway,
  'weights altered between two activities': alteredWeights,
  'clock moved by an hour, forth and back': movedClock,
  ...fullDisks,
}

/** Longer than the heartbeat timeout of 10 s: its work goes to another worker; then its own results come late. */
async function stoppedWorker(sandbox: Sandbox, db: string): Promise<string> {
  const server = await ensureServer({ home: sandbox.home })
  const worker = sandbox.taskvec(
    ['worker', '--models', `tiny=${sandbox.model}`, '--address', server.settings.address, '--engines', '1'],
    { db: null },
  )
  await until('the worker waits', () => sandbox.said(worker, 'Worker for tiny'))
  const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], { db })
  await until('the worker computes', async () => (await enginesOf(worker.pid as number)).length > 0)
  await sleep(300)
  const stopped = [worker.pid as number, ...(await enginesOf(worker.pid as number))]
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  await sleep(20_000)
  for (const pid of stopped) process.kill(pid, 'SIGCONT')
  const { exitCode } = await run
  worker.kill('SIGTERM')
  await worker
  await server.stop()
  return `exit code ${exitCode}`
}

async function serverAway(sandbox: Sandbox, db: string): Promise<string> {
  const { path } = await findServerBinary()
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const start = () =>
    execa(
      path,
      [
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
        ...['--db-filename', join(sandbox.folder, 'away.db'), '--log-level', 'error'],
      ],
      { reject: false, stdio: 'ignore' },
    )
  const first = start()
  await answers(address)
  const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], {
    db,
    environment: { TEMPORAL_ADDRESS: address },
  })
  await until('an engine runs', () => sandbox.said(run, 'tiny: in memory'))
  await sleep(500)
  first.kill('SIGKILL')
  await first
  await sleep(75_000)
  const second = start()
  const { exitCode } = await run
  second.kill('SIGKILL')
  await second
  return `the same process ended with exit code ${exitCode}`
}

/** The engine is killed after the file has changed, so that the next activity loads other weights. */
async function alteredWeights(sandbox: Sandbox, db: string): Promise<string> {
  const weights = join(sandbox.model, 'model.safetensors')
  const original = join(sandbox.folder, 'original.safetensors')
  copyFileSync(weights, original)
  const other = makeTinyModel(join(sandbox.folder, 'other'), { seed: 2 })
  const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], { db })
  await until('an engine runs', () => sandbox.said(run, 'tiny: in memory'))
  await sleep(500)
  copyFileSync(join(other, 'model.safetensors'), weights)
  for (const pid of await enginesOf(run.pid as number)) process.kill(pid, 'SIGKILL')
  const { exitCode, stderr } = await run
  const refused = String(stderr).includes('differ from those the sweep started with')
  copyFileSync(original, weights)
  const again = await sandbox.taskvec(['resume', '--retry-failed'], { db })
  return `exit code ${exitCode}${refused ? ', refused by their hash' : ''}; restored, resume --retry-failed: ${again.exitCode}`
}

/**
 * The engine is put into a control group with next to no memory, so that the kernel's out-of-memory killer ends it: a real one,
 * not a signal of ours. Linux with cgroup v1's memory controller, and root.
 */
async function outOfMemory(sandbox: Sandbox, db: string): Promise<string> {
  const group = join('/sys/fs/cgroup/memory', `taskvec-faults-${process.pid}`)
  if (!existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')) throw new Error('no cgroup v1 here')
  mkdirSync(group)
  try {
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(64 * 1024))
    const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], { db })
    await until('an engine runs', () => sandbox.said(run, 'tiny: in memory'))
    for (const pid of await enginesOf(run.pid as number))
      writeFileSync(join(group, 'cgroup.procs'), String(pid))
    const { exitCode } = await run
    const killed = /oom_kill (\d+)/.exec(readFileSync(join(group, 'memory.oom_control'), 'utf8'))?.[1]
    return `the kernel killed ${killed}; the sweep went on, exit code ${exitCode}`
  } finally {
    rmdirSync(group)
  }
}

/**
 * The clock of the CLI, its workers and engines jumps while they run (libfaketime); clocks that measure durations go on, as
 * they do when a system's time is set. The Temporal server, a program without libc, keeps the true time.
 */
async function movedClock(sandbox: Sandbox, db: string): Promise<string> {
  const library = process.env['FAKETIME_LIBRARY'] ?? '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
  if (!existsSync(library))
    throw new Error(`${library} is not there: install faketime, or set FAKETIME_LIBRARY`)
  const clock = join(sandbox.folder, 'clock')
  writeFileSync(clock, '+0\n')
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], {
    db,
    environment,
  })
  await until('an engine runs', () => sandbox.said(run, 'tiny: in memory'))
  await sleep(300)
  writeFileSync(clock, '+1h\n')
  await sleep(1000)
  writeFileSync(clock, '-1h\n')
  const { exitCode } = await run
  return `exit code ${exitCode}`
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

async function answers(address: string): Promise<void> {
  await until('the server answers', async () => {
    try {
      const { connection } = await connectClient({ address, namespace: 'default' }, 1000)
      await connection.close()
      return true
    } catch {
      return false
    }
  })
}
