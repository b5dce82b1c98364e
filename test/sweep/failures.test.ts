import { copyFileSync, cpSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Sandbox } from './sandbox.js'

let sandbox: Sandbox
let weights: string
const two = {
  tasks: ['algorithmic_to_upper', 'algorithmic_list_last'],
  devItems: 2,
  testItems: 2,
  baselineItems: 2,
}

/** A config whose first model's weights are cut short, as after a copy that was interrupted. */
beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  cpSync(sandbox.model, join(sandbox.folder, 'cut'), { recursive: true })
  weights = join(sandbox.folder, 'cut', 'model.safetensors')
  truncateSync(weights, 20_000)
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const models = [
  { id: 'cut', path: './cut' },
  { id: 'tiny', path: './tiny' },
]

describe('what fails for good', () => {
  it('is a row with its place, attempts, reason and worker; named at the end, with exit code 3', async () => {
    const { exitCode, stderr } = await sandbox.taskvec(['run', sandbox.config('failing', { ...two, models })])
    expect(stderr).toMatch(
      /failed: cut algorithmic_to_upper: WEIGHTS after 1 attempt on \S+\/\d+: .*model\.safetensors/,
    )
    expect(stderr).toContain('Next: npx taskvec resume failing-')
    expect(exitCode).toBe(3)
    expect(await failures()).toEqual([
      ['cut', 'algorithmic_list_last', 'WEIGHTS', 1],
      ['cut', 'algorithmic_to_upper', 'WEIGHTS', 1],
    ])
    const { stdout } = await sandbox.taskvec(['status'])
    expect(stdout).toMatch(/cut +│ algorithmic_to_upper .*│ failed +│/)
    expect(stdout).toMatch(/tiny +│ algorithmic_to_upper .*│ complete +│/)
  })

  it('is skipped by resume, which also ends with exit code 3', async () => {
    copyFileSync(join(sandbox.model, 'model.safetensors'), weights)
    const { exitCode, stderr } = await sandbox.taskvec(['resume'])
    expect(stderr).toContain('failed: cut algorithmic_to_upper')
    expect(exitCode).toBe(3)
    expect(await complete()).toEqual(['tiny', 'tiny'])
  })

  it('is retried by resume --retry-failed, and no longer counts if that succeeds', async () => {
    const { exitCode, stderr } = await sandbox.taskvec(['resume', '--retry-failed'])
    expect(stderr).not.toContain('failed:')
    expect(exitCode).toBe(0)
    expect(await failures()).toEqual([])
    expect(await complete()).toEqual(['cut', 'cut', 'tiny', 'tiny'])
  })

  it('stops the sweep after maxFailures, which is no part of its identity', async () => {
    const layers = { ...two, tasks: 'all', layers: [6] }
    const { exitCode, stderr } = await sandbox.taskvec([
      'run',
      sandbox.config('hopeless', { ...layers, maxFailures: 1 }),
      '--engines',
      '1',
    ])
    expect(stderr).toContain('Stopped early: ')
    expect(exitCode).toBe(3)
    const again = await sandbox.taskvec(['run', sandbox.config('hopeless', layers)])
    expect(again.stderr).not.toContain('Stopped early')
    expect(again.stderr.match(/Sweep (\S+):/)?.[1]).toBe(stderr.match(/Sweep (\S+):/)?.[1])
    expect(again.exitCode).toBe(3)
  })
})

async function failures() {
  const { stdout } = await sandbox.taskvec(['status', '--json'])
  const { failures } = JSON.parse(stdout) as {
    failures: { model: string; task: string; code: string; attempts: number }[]
  }
  return failures.map(({ model, task, code, attempts }) => [model, task, code, attempts])
}

async function complete() {
  const { stdout } = await sandbox.taskvec(['status', '--json'])
  const { tasks } = JSON.parse(stdout) as { tasks: { model: string; complete: boolean }[] }
  return tasks.filter(({ complete }) => complete).map(({ model }) => model)
}
