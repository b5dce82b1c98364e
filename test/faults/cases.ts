import { execa, execaSync } from 'execa'
import { copyFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { taskvecHome } from '../../src/config/home.js'
import { ensureServer } from '../../src/temporal/server.js'
import { connectClient } from '../../src/temporal/connection.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { enginesOf, until, type Sandbox } from '../sweep/sandbox.js'
import { makeTinyModel } from '../tiny-model.js'
import { resume, settings } from './sweep-under-fault.js'

/** Faults other than kills. Each leaves a database with a complete sweep, and says what it saw. */
export const cases: Readonly<Record<string, (sandbox: Sandbox, db: string) => Promise<string>>> = {
  'worker stopped (SIGSTOP) for 20 s, then continued': stoppedWorker,
  'server away for 75 s': serverAway,
  'weights altered between two activities': alteredWeights,
  'disk full': fullDisk,
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
  const { path } = await findServerBinary(join(taskvecHome(), 'temporal'))
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
  const refused = String(stderr).includes('are not those that the sweep began with')
  copyFileSync(original, weights)
  const again = await sandbox.taskvec(['resume', '--retry-failed'], { db })
  return `exit code ${exitCode}${refused ? ', refused by their hash' : ''}; restored, resume --retry-failed: ${again.exitCode}`
}

/** The database on a file system of its own, too small for it; then enlarged. Needs root. */
async function fullDisk(sandbox: Sandbox, db: string): Promise<string> {
  const folder = join(sandbox.folder, 'disk')
  mkdirSync(folder)
  execaSync('mount', ['-t', 'tmpfs', '-o', 'size=640k', 'tmpfs', folder])
  try {
    const small = join(folder, 'small.db')
    const run = await sandbox.taskvec(['run', sandbox.config('faults', settings)], { db: small })
    const said = /the disk is full|the disk failed or is full/.exec(String(run.stderr))?.[0] ?? 'not said'
    execaSync('mount', ['-o', 'remount,size=200m', folder])
    await resume(sandbox, small)
    await sandbox.taskvec(['backup', db], { db: small })
    return `"${said}", exit code ${run.exitCode}; enlarged and resumed`
  } finally {
    execaSync('umount', [folder])
  }
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
