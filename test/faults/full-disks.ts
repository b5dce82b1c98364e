import { execaSync } from 'execa'
import { existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { CatalogModel } from '../../src/models/catalog.js'
import { pull } from '../../src/models/pull.js'
import { startHub } from '../models/hub.js'
import { until, type Sandbox } from '../sweep/sandbox.js'
import { resume, settings, type Fault } from './sweep-under-fault.js'

/** A disk that is full, in turn for everything that taskvec writes; then enlarged. They need root, for a tmpfs. */
export const fullDisks: Readonly<Record<string, Fault>> = {
  'disk full: results database': resultsDatabase,
  "disk full: server's database": serverDatabase,
  'disk full: model cache': modelCache,
  'disk full: report': report,
}

async function resultsDatabase(sandbox: Sandbox, db: string): Promise<string> {
  using disk = new Disk(sandbox, 'size=640k')
  const small = join(disk.folder, 'small.db')
  const run = await sandbox.taskvec(['run', sandbox.config('faults', settings)], { db: small })
  disk.enlarge()
  await resume(sandbox, small)
  await sandbox.taskvec(['backup', db], { db: small })
  return `${said(run.stderr)}, exit code ${run.exitCode}; enlarged and resumed`
}

/** The home has the server's database: it fills while the sweep runs, and is enlarged under it 20 s later. */
async function serverDatabase(sandbox: Sandbox, db: string): Promise<string> {
  using disk = new Disk(sandbox, 'size=2500k')
  const environment = { TASKVEC_HOME: disk.folder }
  const run = sandbox.taskvec(['run', sandbox.config('faults', settings), '--engines', '1'], {
    db,
    environment,
  })
  let ended = false
  void run.then(() => (ended = true))
  await until('the disk is full, or the sweep has ended', () => ended || disk.free() < 8192)
  await sleep(20_000)
  const alone = ended
  disk.enlarge()
  const { exitCode, stderr } = await run
  if (exitCode === 0) return `${alone ? 'ended before' : 'went on once it was enlarged'}, exit code 0`
  const { attempts } = await resume(sandbox, db, { environment })
  const why = /^error: .*$/m.exec(String(stderr))?.[0] ?? String(stderr).slice(-200)
  return `"${why.slice(0, 200)}", exit code ${exitCode}; enlarged, complete after ${attempts} resume`
}

/** There are bytes enough, so that the pull begins, but room for a few files only. */
async function modelCache(sandbox: Sandbox, db: string): Promise<string> {
  using disk = new Disk(sandbox, 'size=300m,nr_inodes=6')
  const hub = await startHub(sandbox.model)
  const before = { ...process.env }
  Object.assign(process.env, { TASKVEC_HOME: disk.folder, HF_ENDPOINT: hub.url })
  try {
    const model: CatalogModel = {
      ...{ id: 'tiny', title: 'Tiny', repository: 'test/tiny', revision: 'main', architecture: 'llama' },
      ...{
        blocks: 6,
        dModel: 32,
        parameters: 30_000,
        dtype: 'F32',
        bytes: 200_000,
        licence: 'MIT',
        files: [],
      },
    }
    const refused = await pull(model).then(
      () => 'pulled after all',
      (error: unknown) => ((error as Error).message.includes('ENOSPC') ? 'ENOSPC' : (error as Error).message),
    )
    const there = existsSync(join(disk.folder, 'models', 'tiny'))
    disk.enlarge()
    const { path } = await pull(model)
    const config = join(sandbox.folder, 'pulled.yaml')
    writeFileSync(config, stringify({ name: 'faults', models: [{ id: 'tiny', path }], ...settings }))
    const run = await sandbox.taskvec(['run', config], { db })
    return `${refused}, ${there ? 'half a model there' : 'no model there'}; enlarged and pulled, its sweep: exit code ${run.exitCode}`
  } finally {
    Object.assign(process.env, before)
    if (before['HF_ENDPOINT'] === undefined) delete process.env['HF_ENDPOINT']
    if (before['TASKVEC_HOME'] === undefined) delete process.env['TASKVEC_HOME']
    await hub.close()
  }
}

async function report(sandbox: Sandbox, db: string): Promise<string> {
  using disk = new Disk(sandbox, 'size=60k')
  await resume(sandbox, db)
  const write = () => sandbox.taskvec(['report', '--out', join(disk.folder, 'report')], { db })
  const full = await write()
  const left = readdirSync(disk.folder).length
  disk.enlarge()
  const again = await write()
  return `${said(full.stderr)}, exit code ${full.exitCode}, ${left} files left; enlarged: exit code ${again.exitCode}`
}

function said(stderr: unknown): string {
  const words = /the disk (failed or )?is full|ENOSPC[^,]*|no space left/i.exec(String(stderr))
  return words ? `"${words[0]}"` : 'not said'
}

/** A file system of its own. */
class Disk {
  readonly folder: string

  constructor(sandbox: Sandbox, options: string) {
    this.folder = join(sandbox.folder, `disk-${process.hrtime.bigint()}`)
    mkdirSync(this.folder)
    execaSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.folder])
  }

  free(): number {
    const { bavail, bsize } = statfsSync(this.folder)
    return bavail * bsize
  }

  enlarge(): void {
    execaSync('mount', ['-o', 'remount,size=400m,nr_inodes=100000', this.folder])
  }

  [Symbol.dispose](): void {
    execaSync('umount', ['-l', this.folder])
  }
}
