import { execa } from 'execa'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFolder, projectRoot } from '../../src/system/home.js'
import { Sandbox } from '../sweep/sandbox.js'

// A miniature stands for both sweeps' models; the pretrained one is only fetched.
const small = ['models=llama-mini-s', 'tasks=[algorithmic_to_upper]', 'devItems=2', 'experiments=[main]']
const model = 'smollm2-135m-q4'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
})
afterAll(() => sandbox[Symbol.asyncDispose]())

function start(...args: string[]) {
  return execa(process.execPath, [join(projectRoot(), 'bin', 'start.js'), '--no-report', ...args], {
    cwd: sandbox.folder,
    env: {
      TASKVEC_HOME: sandbox.home,
      TEMPORAL_ADDRESS: '',
      PIP_INDEX_URL: 'http://127.0.0.1:9/',
      PIP_RETRIES: '0',
    },
    reject: false,
  })
}

describe('npm start', () => {
  it('runs the miniatures alone if the pretrained model cannot be fetched, and says why', async () => {
    const { stderr, stdout, exitCode } = await start(...small.flatMap((one) => ['--set', one]))
    expect(stderr).toContain('Only the miniatures are run')
    expect(stderr).toMatch(new RegExp(`model ${model} could not be fetched: `))
    expect([...stderr.matchAll(/^Sweep ([\w-]+)-/gm)].map(([, name]) => name)).toEqual(['quickstart'])
    expect(stdout).toContain('llama-mini-s')
    expect(exitCode).toBe(0)
  })

  it('runs a pretrained model on three tasks, then the miniatures', async () => {
    mkdirSync(join(sandbox.home, 'models'), { recursive: true })
    symlinkSync(join(cacheFolder('models'), model), join(sandbox.home, 'models', model))
    const { stderr, stdout, exitCode } = await start(...small.flatMap((one) => ['--set', one]))
    expect([...stderr.matchAll(/^Sweep ([\w-]+)-/gm)].map(([, name]) => name)).toEqual([
      'first-look',
      'quickstart',
    ])
    expect(stdout.match(/llama-mini-s \(F16\)/g)).toHaveLength(2)
    expect(exitCode).toBe(0)
  })

  it('runs the config that is given, and nothing else', async () => {
    const { stdout } = await start('pretrained', '--dry-run')
    expect(stdout).toContain('pretrained-')
    expect(stdout).not.toMatch(/first-look|quickstart/)
  })
})
