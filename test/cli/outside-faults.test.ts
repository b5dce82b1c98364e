import { execa } from 'execa'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { buildProgram } from '../../src/cli/main.js'
import { describeError } from '../../src/domain/errors.js'
import { refuseFewAddresses } from '../../src/system/address-space.js'
import { projectRoot } from '../../src/system/home.js'
import { openStore } from '../../src/store/store.js'
import { sampleSweep, writeSample } from '../report/sample-database.js'
import { makeTinyModel } from '../tiny-model.js'

const bin = join(projectRoot(), 'bin', 'taskvec.js')
const folder = mkdtempSync(join(tmpdir(), 'taskvec-outside-'))
const db = join(folder, 'sample.db')
const tiny = makeTinyModel(join(folder, 'tiny'))
const config = join(folder, 'good.yaml')
/** A frame of a stack trace. */
const frame = /^\s+at .*[:(]/m

beforeAll(() => {
  writeSample(db)
  writeFileSync(config, 'models: [{id: tiny, path: ./tiny}]\ntasks: [algorithmic_to_upper]\n')
  mkdirSync(join(folder, 'a-folder'))
  writeFileSync(join(folder, 'a-file'), 'not what is looked for')
  symlinkSync('a-loop', join(folder, 'a-loop'))
  writeFileSync(join(folder, 'unreadable'), '')
  chmodSync(join(folder, 'unreadable'), 0)
})

/** What may stand where a path is given. Root reads what nobody may. */
const places = [
  'nothing-here',
  'a-folder',
  'a-file',
  'a-file/below',
  'a-loop',
  `${'long'.repeat(80)}`,
  ...(process.getuid?.() === 0 ? [] : ['unreadable']),
]

const away = ['--db', join(folder, 'new.db'), '--address', '127.0.0.1:9']

type Case = readonly [name: string, argv: (path: string) => string[], sound?: readonly string[]]

/** Every command that takes a path, once per path that it takes; `sound`: places with which it goes on to its work. */
const commands: readonly Case[] = [
  ['run: the config', (path) => ['run', path]],
  ['run: --db', (path) => ['run', config, '--db', path], ['nothing-here']],
  ['run: --payload-key-file', (path) => ['run', config, ...away, '--payload-key-file', path]],
  ['run: --tls-ca', (path) => ['run', config, ...away, '--tls-ca', path], ['a-file']],
  ['run: --api-key-file', (path) => ['run', config, ...away, '--api-key-file', path], ['a-file']],
  ['resume: --db', (path) => ['resume', '--db', path]],
  ['status: --db', (path) => ['status', '--db', path]],
  ['cancel: --db', (path) => ['cancel', 'sample', '--db', path]],
  ['results: --db', (path) => ['results', '--db', path]],
  [
    'results: --out',
    (path) => [
      'results',
      '--db',
      db,
      '--table',
      'layers',
      '--format',
      'parquet',
      '--out',
      `${path}/layers.parquet`,
    ],
  ],
  ['compare: --db', (path) => ['compare', '--db', path]],
  ['report: --db', (path) => ['report', '--db', path]],
  ['report: --out', (path) => ['report', '--db', db, '--out', path], ['nothing-here', 'a-folder']],
  ['verify: --db', (path) => ['verify', '--sample', '0', '--db', path]],
  ['merge: into', (path) => ['merge', `${path}/all.db`, db]],
  ['merge: from', (path) => ['merge', join(folder, 'all.db'), path]],
  ['backup: to', (path) => ['backup', `${path}/copy.db`, '--db', db]],
  ['backup: --db', (path) => ['backup', join(folder, 'copy.db'), '--db', path]],
  ['sql: --db', (path) => ['sql', 'SELECT 1', '--db', path]],
  ['models check', (path) => ['models', 'check', path]],
  ['tasks check', (path) => ['tasks', 'check', path]],
  [
    'predict: --model',
    (path) => ['predict', '--model', path, '--task', 'algorithmic_to_upper', '--query', 'a'],
  ],
  ['worker: --models', (path) => ['worker', '--models', `m=${path}`, '--address', '127.0.0.1:9']],
  ['serve: --db', (path) => ['serve', '--db', path]],
  ['workers: --db', (path) => ['workers', '--db', path]],
  ['bench: --model', (path) => ['bench', '--model', path, '--no-peers'], ['a-folder', 'a-file/below']],
]

describe('a wrong kind of file ends every command with a message', () => {
  beforeEach(() => {
    vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    process.exitCode = 0
  })

  it.each(commands.map((each) => [each[0], each] as const))('%s', async (_, [, argv, sound = []]) => {
    for (const place of places.filter((place) => !sound.includes(place))) {
      const path = join(folder, place)
      const args = argv(path)
      const error = await (await buildProgram(args[0])).parseAsync(['node', 'taskvec', ...args]).then(
        () => null,
        (error: unknown) => error,
      )
      // A folder that is missing may be made, and another file be another thing: but then the command does its work.
      if (error === null) continue
      const said = describeError(error)
      expect(said, `${args.join(' ')}\n${said}`).not.toMatch(frame)
      expect(said.length, said).toBeLessThan(3000)
    }
  })
})

/** By a shell: execa would itself write what the command says. */
function redirected(where: string, args: readonly string[]) {
  const command = ['-c', `exec "$0" "$@" ${where}`, process.execPath, bin, ...args]
  return execa('sh', command, { reject: false, stdin: 'ignore' })
}

const printing: readonly (readonly string[])[] = [
  ['--help'],
  ['--version'],
  ['status', '--db', db],
  ['results', '--db', db],
  ['results', '--db', db, '--table', 'predictions', '--format', 'csv'],
  ['compare', '--db', db, '--all-models'],
  ['report', '--db', db, '--out', join(folder, 'report')],
  ['verify', '--db', db, '--sample', '0'],
  ['backup', join(folder, 'backup.db'), '--db', db],
  ['sql', 'SELECT * FROM results', '--db', db],
  ['models', 'list'],
  ['models', 'check', tiny],
  ['tasks', 'list'],
  ['tasks', 'show', 'algorithmic_to_upper'],
  ['predict', '--model', tiny, '--task', 'algorithmic_to_upper', '--query', 'a'],
  ['serve', '--db', db],
  ['doctor', '--json'],
]

describe.skipIf(!existsSync('/dev/full'))('a command that prints', () => {
  it.concurrent.each(printing.map((args) => [args.slice(0, 2).join(' '), args] as const))(
    '%s to a full disk reports it and ends with 1',
    async (_, args) => {
      const { stderr, exitCode } = await redirected('> /dev/full', args)
      expect(stderr).toMatch(
        /error: the output is incomplete: write: the disk is full \(ENOSPC\)\n {2}Free some space/,
      )
      expect(stderr).not.toMatch(frame)
      expect(exitCode).toBe(1)
    },
  )

  it.concurrent.each([
    ['results', '--db', db, '--table', 'predictions', '--format', 'csv'],
    ['tasks', 'list'],
    ['models', 'list'],
  ])('%s into a closed pipe ends silently', async (...args) => {
    const child = execa(process.execPath, [bin, ...args], { reject: false, stdin: 'ignore' })
    child.stdout.destroy()
    const { stderr, exitCode } = await child
    expect(stderr).not.toMatch(/error|EPIPE/)
    expect(exitCode).toBe(0)
  })

  it('verify reaches its verdict after its output is closed', async () => {
    const child = execa(process.execPath, [bin, 'verify', '--db', db, '--sample', '0'], { reject: false })
    child.stdout.destroy()
    const { exitCode, stderr } = await child
    expect([exitCode, stderr]).toEqual([3, ''])
  })

  it('works if the disk of its log is full', async () => {
    const { stdout, exitCode } = await redirected('2> /dev/full', ['status', '--json', '--db', db])
    expect(JSON.parse(stdout)).toMatchObject({ id: sampleSweep, status: 'complete' })
    expect(exitCode).toBe(0)
  })
})

describe('a signal', () => {
  const ended = async (child: PromiseLike<{ exitCode?: number | undefined; stderr: string }>) => {
    const { exitCode, stderr } = await child
    expect(stderr).not.toMatch(frame)
    return exitCode
  }

  it.concurrent.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends serve silently while pages listen',
    async (signal) => {
      const child = execa(process.execPath, [bin, 'serve', '--json', '--db', db], { reject: false })
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const { url, token } = JSON.parse(line.toString()) as { url: string; token: string }
      const headers = { authorization: `Bearer ${token}` }
      const changes = await fetch(new URL('/api/v1/changes', url), { headers })
      const reader = changes.body?.getReader()
      await reader?.read()
      child.kill(signal)
      expect(await ended(child)).toBe(0)
      await reader?.cancel().catch(() => {})
    },
  )

  it.concurrent('ends a run that waits for its server', async () => {
    const args = ['run', config, '--db', join(folder, 'hung-up.db'), '--address', '127.0.0.1:9']
    const child = execa(process.execPath, [bin, ...args], { reject: false })
    await once(child.stderr, 'data')
    child.kill('SIGHUP')
    expect(await ended(child)).not.toBe(0)
  })
})

describe('a database on read-only media', () => {
  const medium = mkdtempSync(join(tmpdir(), 'taskvec-medium-'))
  const file = join(medium, 'sample.db')
  /** As someone who may not write there: root may write everywhere. */
  const reader = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const taskvec = (...args: string[]) =>
    execa(process.execPath, [bin, ...args], {
      ...reader,
      reject: false,
      env: { TASKVEC_HOME: join(medium, 'no-home') },
    })

  beforeAll(() => {
    // Copied while it is open: the results are in the write-ahead log.
    const open = join(folder, 'open.db')
    const writer = openStore(open)
    writeSample(open)
    for (const end of ['', '-wal']) copyFileSync(open + end, file + end)
    writer.close()
    chmodSync(medium, 0o555)
    chmodSync(folder, 0o755)
  })
  afterAll(() => chmodSync(medium, 0o755))

  it.concurrent.each([
    ['status', '--json'],
    ['results', '--table', 'layers', '--format', 'csv'],
    ['sql', 'SELECT count(*) FROM predictions', '--json'],
    ['verify', '--sample', '0'],
  ])('is read by %s as usual', async (...args) => {
    const [here, elsewhere] = await Promise.all([file, db].map((each) => taskvec(...args, '--db', each)))
    expect(here?.stderr).not.toMatch(/error/)
    expect([here?.exitCode, here?.stdout]).toEqual([elsewhere?.exitCode, elsewhere?.stdout])
  })

  it.concurrent('is not written to', async () => {
    const { stderr, exitCode } = await taskvec('run', config, '--db', file, '--address', '127.0.0.1:9')
    expect(stderr).toMatch(/error: .* cannot be written: the file or its folder is read-only/)
    expect(exitCode).toBe(1)
    expect(readdirSync(medium)).toEqual(['sample.db', 'sample.db-wal'])
  })
})

describe('address space', () => {
  const limit = (bytes: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax address space         ${bytes}  unlimited  bytes\n`

  it('that is too small for a command is refused with the size that suffices', () => {
    expect(() => refuseFewAddresses('status', limit('2000000000'))).toThrow(
      'ulimit -v leaves this process 2.0 GB of address space; it needs 2.5 GB',
    )
    expect(() => refuseFewAddresses('run', limit('3000000000'))).toThrow('it needs 16 GB')
    expect(() => refuseFewAddresses('status', limit('3000000000'))).not.toThrow()
    expect(() => refuseFewAddresses('run', limit('unlimited'))).not.toThrow()
    expect(() => refuseFewAddresses('run', '')).not.toThrow()
  })

  it.skipIf(process.platform !== 'linux')(
    'of 3 GB suffices for all commands but sweeps, which report that it does not',
    async () => {
      const limited = (args: string) =>
        execa('bash', ['-c', `ulimit -v 3000000; exec "${process.execPath}" "${bin}" ${args}`], {
          reject: false,
        })
      const [version, sweep, predict] = await Promise.all([
        limited('--help'),
        limited(`run "${config}" --db "${join(folder, 'limited.db')}"`),
        limited(`predict --model "${tiny}" --task algorithmic_to_upper --query a`),
      ])
      expect(version).toMatchObject({ exitCode: 0, stderr: '' })
      expect(sweep.stderr).toMatch(
        /^error: ulimit -v leaves this process 3\.1 GB of address space; it needs 16 GB/,
      )
      expect(sweep.exitCode).toBe(1)
      expect(predict.exitCode).toBe(0)
    },
  )
})
