import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { msToTs } from '@temporalio/common/lib/time.js'
import { lock } from 'proper-lockfile'
import { taskvecHome } from '../system/home.js'
import { TaskvecError } from '../domain/errors.js'
import { connectClient, type ConnectionSettings } from './connection.js'
import { isAlive } from '../system/process-table.js'
import { findServerBinary, type ServerBinary } from './server-binary.js'
import { choosePort } from './server-port.js'
import {
  type ServerRecord,
  unrecorded,
  isOurs,
  readRecord,
  writeRecord,
  livingUsers,
  readLog,
} from './server-record.js'

/**
 * taskvec's own Temporal server, on its own database file. At most one runs per home folder, since two servers on one file
 * silently lose data. Processes share it: each leaves a file under users/, and the last one to leave stops the server. A server
 * whose users were all killed is found through server.json and adopted.
 */
export interface RunningServer {
  readonly settings: ConnectionSettings
  readonly pid: number
  /** Source of the binary, or that a running server was adopted. */
  readonly source: string
  /** Whether its process is still running. */
  readonly alive: () => boolean
  /** Whether other living processes share it. */
  readonly isShared: () => boolean
  /** Leaves the server, and stops it if no other process uses it. */
  readonly stop: () => Promise<void>
}

export interface ServerOptions {
  readonly home?: string
  /** Default: TASKVEC_TEMPORAL_PORT, else the port used last, else a free one. */
  readonly port?: number
  readonly log?: (line: string) => void
}

const namespace = 'default'

/** Long, since `resume` continues from a sweep's history. */
const retention = '3650 days'

/** How long the server may take to start, ms. */
const startTimeout = 30_000
/** Wait after each signal that stops it, ms. */
const stopGrace = 8_000
/** Ports tried before giving up. */
const portTries = 5

/** Joins the running server of this home folder, adopts one or starts one. Errors: SERVER. */
export async function ensureServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { log = () => {} } = options
  const folder = join(options.home ?? taskvecHome(), 'temporal')
  mkdirSync(join(folder, 'users'), { recursive: true })
  return whileLocked(folder, async () => {
    const recorded = readRecord(folder)
    const running = recorded && isOurs(recorded) ? recorded : unrecorded(join(folder, 'server.db'))
    const adopted = running && (await adopt(folder, running, log))
    const started = adopted ?? (await start(folder, options, recorded?.port, log))
    writeRecord(folder, started.record)
    writeFileSync(join(folder, 'users', String(process.pid)), '')
    const { record, source } = started
    log(`Temporal server: ${source} (127.0.0.1:${record.port}, process ${record.pid})`)
    return {
      settings: settingsOf(record.port),
      pid: record.pid,
      source,
      alive: () => isAlive(record.pid),
      isShared: () => livingUsers(folder).length > 0,
      stop: () => whileLocked(folder, () => leave(folder, record)),
    }
  })
}

/** Settings of our running server, without joining it; null if none is running. */
export function runningServer(home = taskvecHome()): ConnectionSettings | null {
  const record = readRecord(join(home, 'temporal'))
  return record && isOurs(record) ? settingsOf(record.port) : null
}

/** The recorded server if it is ours and responds; null if not, after stopping one that does not respond. */
async function adopt(folder: string, record: ServerRecord, log: (line: string) => void) {
  if (!isOurs(record)) return null
  if (await isHealthy(record.port, 10_000, () => isAlive(record.pid))) {
    const source =
      livingUsers(folder).length > 0 ? 'shared with another taskvec process' : 'adopted from an earlier run'
    return { record, source }
  }
  log(`Temporal server: process ${record.pid} of an earlier run does not respond; stopping it`)
  await end(record.pid)
  return null
}

/**
 * Starts a server. If another program takes its port, or one that the server picks for its services, tries again: with another
 * free port, or with the given one, which `choosePort` refuses if it is taken.
 */
async function start(
  folder: string,
  options: ServerOptions,
  lastPort: number | undefined,
  log: (line: string) => void,
) {
  const binary = await findServerBinary(undefined, { log })
  for (let tries = 1; ; tries++) {
    const port = await choosePort(options.port, tries === 1 ? lastPort : undefined)
    const record = await spawnServer(folder, binary, port)
    if (record) return { record, source: binary.source }
    const said = readLog(folder)
    const portTaken = said.includes('address already in use')
    if (portTaken && tries < portTries) log('Temporal server: another program took its port; trying again')
    else throw notStarted(folder, binary, said, portTaken)
  }
}

/** Null if the server did not come up, after stopping it. Errors: SERVER if the binary cannot be run. */
async function spawnServer(folder: string, binary: ServerBinary, port: number): Promise<ServerRecord | null> {
  const database = join(folder, 'server.db')
  const logFile = join(folder, 'server.log')
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`)
  const output = openSync(logFile, 'a')
  const child = spawn(
    binary.path,
    [
      ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--db-filename', database, '--log-level', 'warn'],
      // Without these, the server's writes make a sweep several times slower.
      ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
    ],
    // Its own process group: Ctrl-C in the terminal reaches only taskvec, which stops its server last.
    { detached: true, stdio: ['ignore', output, output] },
  )
  closeSync(output)
  child.unref()
  const failure = new Promise<Error>((resolve) => child.once('error', resolve))
  if (child.pid === undefined)
    throw new TaskvecError('SERVER', `${binary.path} cannot be run: ${(await failure).message}`)

  const record = { pid: child.pid, port, database }
  writeRecord(folder, record)
  if (await isHealthy(port, startTimeout, () => isAlive(record.pid))) return record
  await end(record.pid)
  rmSync(join(folder, 'server.json'), { force: true })
  return null
}

function notStarted(folder: string, binary: ServerBinary, said: string, portTaken: boolean): TaskvecError {
  const hint = /disk is full/.test(said)
    ? `Free some space under ${folder}, or set TASKVEC_HOME to a folder on a larger disk.`
    : portTaken
      ? `Other programs took its ports ${portTries} times as it started: try again.`
      : `If its database is damaged or from a newer version, move ${join(folder, 'server.db')}* away: results are stored in taskvec's own database and are kept.`
  // A panic's message comes first, followed by pages of stack traces.
  const gist = /^panic: .*/m.exec(said)?.[0] ?? said.slice(-1500).trim()
  return new TaskvecError(
    'SERVER',
    `the Temporal server (${binary.path}) did not start; ${join(folder, 'server.log')} ends with:\n${gist}`,
    { hint },
  )
}

async function leave(folder: string, record: ServerRecord): Promise<void> {
  rmSync(join(folder, 'users', String(process.pid)), { force: true })
  if (livingUsers(folder).length > 0) return
  const current = readRecord(folder) ?? record
  if (isOurs(current)) await end(current.pid)
  rmSync(join(folder, 'server.json'), { force: true })
}

async function end(pid: number): Promise<void> {
  for (const [signal, grace] of [
    ['SIGTERM', stopGrace],
    ['SIGKILL', stopGrace],
  ] as const) {
    if (!isAlive(pid)) return
    process.kill(pid, signal)
    for (const until = Date.now() + grace; Date.now() < until && isAlive(pid);) await sleep(50)
  }
}

async function isHealthy(port: number, timeout: number, alive: () => boolean): Promise<boolean> {
  for (const until = Date.now() + timeout; Date.now() < until && alive(); await sleep(100)) {
    try {
      // Short attempts, to notice when the process has ended.
      const { connection } = await connectClient(settingsOf(port), 1_000)
      try {
        await connection.workflowService.updateNamespace({
          namespace,
          config: { workflowExecutionRetentionTtl: msToTs(retention) },
        })
        // If our process died, another program is answering on the port.
        return alive()
      } finally {
        await connection.close()
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error // not up yet: try again until the timeout
    }
  }
  return false
}

function settingsOf(port: number): ConnectionSettings {
  return { address: `127.0.0.1:${port}`, namespace }
}

/** Lets one process at a time start or stop the server. Errors: SERVER if another took the lock over, or keeps it. */
async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  let lose: () => void = () => {}
  const lost = new Promise<never>(
    (_, reject) =>
      (lose = () =>
        reject(busy('another process took the lock while this one was suspended: run the command again'))),
  )
  lost.catch(() => {}) // it may reject after the work is done
  const release = await lock(folder, {
    stale: 15_000,
    update: 3_000,
    retries: { retries: 300, minTimeout: 100, maxTimeout: 500 },
    onCompromised: () => lose(),
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOCKED' ? busy('another process holds the lock: wait for it, or end it') : error
  })
  try {
    return await Promise.race([work(), lost])
  } finally {
    await release().catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERELEASED' && error.code !== 'ENOTACQUIRED') throw error
    })
  }

  function busy(why: string): TaskvecError {
    return new TaskvecError('SERVER', `the Temporal server's folder ${folder} is locked`, { hint: `${why}.` })
  }
}
