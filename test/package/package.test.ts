import { execa } from 'execa'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { built } from '../../src/system/built.js'
import { projectRoot } from '../../src/system/home.js'
import { Sandbox } from '../sweep/sandbox.js'

/** The package as `npm pack` makes it, installed as `npm install -g` does, into a folder of its own. */
const folder = mkdtempSync(join(tmpdir(), 'taskvec-package-'))
const work = join(folder, 'work')
const home = join(folder, 'home')
const installed = join(folder, 'global', 'lib', 'node_modules', 'taskvec')
const npm = (args: string[]) => execa('npm', args, { cwd: projectRoot() })
const sandbox = await Sandbox.create()
let packed: { filename: string; size: number; files: { path: string }[] }
let before: string[]

beforeAll(async () => {
  built('main.js')
  mkdirSync(work)
  mkdirSync(home)
  const { stdout } = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder])
  ;[packed] = JSON.parse(stdout) as [typeof packed]
  // Scripts compile, or fetch from other hosts: the one module that needs its own is taken from here.
  const quick = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  await npm([
    'install',
    '--global',
    '--prefix',
    join(folder, 'global'),
    ...quick,
    join(folder, packed.filename),
  ])
  const compiled = join('node_modules', 'better-sqlite3', 'build')
  cpSync(join(projectRoot(), compiled), join(installed, compiled), { recursive: true })
  before = filesOf(installed)
})
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** In an empty folder, with a home of its own. */
const taskvec = (...args: string[]) =>
  execa(join(folder, 'global', 'bin', 'taskvec'), args, {
    cwd: work,
    env: {
      PATH: dirname(process.execPath),
      HOME: home,
      ...(process.env['TEMPORAL_CLI_PATH'] ? { TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'] } : {}),
    },
    extendEnv: false,
  })

function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
}

it('contains programs and docs, but no sources, tests or source maps', () => {
  const paths = packed.files.map(({ path }) => path)
  const folders = new Set(paths.map((path) => (path.includes('/') ? path.split('/')[0] : 'files')))
  expect([...folders].sort()).toEqual(
    ['bench', 'bin', 'configs', 'dist', 'docs', 'files', 'lists', 'migrations', 'miniatures', 'src'].sort(),
  )
  expect(
    paths.filter((path) => /\.(tsx?|map)$|^bin\/(?!taskvec\.js)|^lists\/(generate|review)/.test(path)),
  ).toEqual([])
  expect(paths).toContain('dist/workflow-bundle.js')
  // Of the packages whose code is in the bundles.
  const licenses = readFileSync(join(installed, 'dist', 'licenses.txt'), 'utf8')
  for (const name of ['commander', 'drizzle-orm', 'preact', 'vega', 'zod'])
    expect(licenses).toMatch(new RegExp(`^${name} [0-9.]+, `, 'm'))
  expect(packed.size).toBeLessThan(12e6)
})

it('runs a sweep in an empty folder, keeps its data there, and writes nothing into itself', async () => {
  const help = await taskvec('--help')
  expect(help.stdout).toContain('taskvec run quickstart')
  const config = sandbox.config('installed', {
    ...{ tasks: ['algorithmic_to_upper'], devItems: 4, testItems: 4, baselineItems: 4 },
  })
  const { stderr } = await taskvec('run', config)
  expect(stderr).toContain('Complete: 6 cells')
  expect((await taskvec('results', '--format', 'json')).stdout).toContain('algorithmic_to_upper')
  expect((await taskvec('sql', 'select count(*) as n from runs', '--json')).stdout).toContain('"n"')
  expect((await taskvec('predict', '--model', sandbox.model, '--prompt', 'a')).stdout).not.toBe('')
  expect((await taskvec('tasks', 'list')).stdout).toContain('translation_en_fr')
  expect((await taskvec('verify', '--full')).exitCode).toBe(0)
  expect(existsSync(join(work, '.taskvec', 'taskvec.db'))).toBe(true)
  expect(readdirSync(work)).toEqual(['.taskvec'])
  expect(readdirSync(home)).toEqual(['.cache'])
  // onnxruntime's telemetry would have left a device id there.
  expect(readdirSync(join(home, '.cache'))).toEqual(['taskvec'])
  expect(filesOf(installed)).toEqual(before)
})
