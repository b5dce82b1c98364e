import { execa } from 'execa'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { projectRoot } from '../../src/system/home.js'
import { isAlive } from '../../src/system/process-table.js'
import { textOf } from '../../src/report/formats.js'
import { resultRows } from '../../src/report/result-rows.js'
import { openReadOnly } from '../../src/store/open.js'
import { findSweep } from '../../src/store/sweeps.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { ensureServer, type RunningServer } from '../../src/temporal/server.js'
import { makeTinyModel } from '../tiny-model.js'

const bin = join(projectRoot(), 'bin', 'taskvec.js')

interface RunSettings {
  readonly db?: string | null
  readonly environment?: NodeJS.ProcessEnv
  readonly report?: boolean
}

/** A home of its own with a tiny model in it, and the real `taskvec` run there as a user would. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'taskvec-test-'))
  readonly home = join(this.folder, 'home')
  readonly model = makeTinyModel(join(this.folder, 'tiny'))
  readonly db = join(this.folder, 'results.db')
  #environment: NodeJS.ProcessEnv = {}
  #kept: RunningServer | null = null
  readonly #outerPath = process.env['TEMPORAL_CLI_PATH']
  readonly #stderr = new WeakMap<object, () => string>()

  /** `keepServer`: one server for all sweeps of a test file, where its start and end are not what is tested. */
  static async create({ keepServer = false } = {}): Promise<Sandbox> {
    const sandbox = new Sandbox()
    // The binary that is there already: each home would otherwise fetch its own.
    const { path } = await findServerBinary()
    process.env['TEMPORAL_CLI_PATH'] = path
    sandbox.#environment = { TASKVEC_HOME: sandbox.home, TEMPORAL_CLI_PATH: path, TEMPORAL_ADDRESS: '' }
    if (keepServer) sandbox.#kept = await ensureServer({ home: sandbox.home })
    return sandbox
  }

  /** Writes a config with the tiny model and returns its path. */
  config(name: string, settings: Record<string, unknown>): string {
    const file = join(this.folder, `${name}.yaml`)
    writeFileSync(file, stringify({ name, models: [{ id: 'tiny', path: './tiny' }], ...settings }))
    return file
  }

  /** `report`: whether a sweep ends with its page, which takes as long as a small sweep. */
  taskvec(args: readonly string[], { db = this.db, environment = {}, report = false }: RunSettings = {}) {
    const sweep = args[0] === 'run' || args[0] === 'resume'
    const options = [...(sweep && !report ? ['--no-report'] : []), ...(db === null ? [] : ['--db', db])]
    const child = execa(process.execPath, [bin, ...args, ...options], {
      reject: false,
      env: { ...this.#environment, ...environment },
      stdin: 'ignore',
    })
    let text = ''
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
    this.#stderr.set(child, () => text)
    return child
  }

  /** Whether a process has said something on stderr by now. */
  said(child: object, what: string): boolean {
    return this.#stderr.get(child)?.().includes(what) ?? false
  }

  /** Everything that a sweep's results consist of, as `taskvec results --format json` prints it. */
  exported(file = this.db): { main: string; layers: string; predictions: string } {
    const db = openReadOnly(file)
    try {
      const sweep = findSweep(db, undefined)
      const text = (table: string) => {
        const { columns, rows } = resultRows(db, table, sweep, {})
        return [...textOf(rows, Object.keys(columns), 'json')].join('')
      }
      return { main: text('main'), layers: text('layers'), predictions: text('predictions') }
    } finally {
      db.close()
    }
  }

  /** taskvec's own server in this home, as its record says. */
  server(): { pid: number; port: number } {
    return JSON.parse(readFileSync(join(this.home, 'temporal', 'server.json'), 'utf8')) as {
      pid: number
      port: number
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kept?.stop()
    if (this.#outerPath === undefined) delete process.env['TEMPORAL_CLI_PATH']
    else process.env['TEMPORAL_CLI_PATH'] = this.#outerPath
    try {
      const { pid } = this.server()
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      while (isAlive(pid)) await sleep(50)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // no server was left
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Process ids of the engines that a taskvec process has started. */
export async function enginesOf(pid: number): Promise<number[]> {
  const { stdout } = await execa('ps', ['-eo', 'pid=,ppid=,args='])
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) =>
      match && Number(match[2]) === pid && /engine-child|taskvec-engine/.test(match[3] as string)
        ? Number(match[1])
        : [],
    )
}

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patience = 240_000,
): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(50)) if (await holds()) return
  throw new Error(`not within ${patience / 1000} s: ${what}`)
}
