import Database from 'better-sqlite3'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { readVectors } from '../../src/vectors/read.js'
import type { Vector } from '../../src/vectors/vector.js'
import { Sandbox } from '../sweep/sandbox.js'

const tasks = ['algorithmic_to_upper', 'algorithmic_next_letter']
const small = { tasks, demonstrations: 3, devItems: 4, testItems: 5, baselineItems: 4 }

const control = join(projectRoot(), 'test', 'golden', 'vectors', 'control.gguf')

let sandbox: Sandbox
const path = (name: string) => join(sandbox.folder, name)

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  const runs = [
    sandbox.config('plain', small),
    sandbox.config('stored', { ...small, storeThetas: 'each' }),
    sandbox.config('means', { ...small, storeThetas: 'all' }),
  ]
  for (const config of runs) expect((await sandbox.taskvec(['run', config])).exitCode).toBe(0)
})

afterAll(() => sandbox[Symbol.asyncDispose]())

async function exported(
  out: string,
  ...args: string[]
): Promise<{ vectors: readonly Vector[]; stderr: string }> {
  const { stderr, exitCode } = await sandbox.taskvec(['vectors', 'export', ...args, '--out', path(out)])
  expect(stderr).not.toContain('error')
  expect(exitCode).toBe(0)
  return { vectors: readVectors(path(out)).vectors, stderr }
}

function stored(sql: string): unknown {
  const db = new Database(sandbox.db, { readonly: true })
  try {
    return db.prepare(sql).pluck().get()
  } finally {
    db.close()
  }
}

const bytes = ({ values }: Vector) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)

describe('vectors export', () => {
  it('says that a curve of zeros has no best L', async () => {
    const { stderr, exitCode } = await sandbox.taskvec(['vectors', 'export', 'plain', '--out', path('none')])
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(
        /no best L, since no dev item was correct at any layer: tiny algorithmic_to_upper, /,
      ),
    ])
    const { stdout } = await sandbox.taskvec(['results', 'plain', '--json'])
    expect(JSON.parse(stdout)).toMatchObject([{ bestLayer: null }, { bestLayer: null }])
  })

  it('writes the stored mean θ of the test run, bit for bit, with its metadata', async () => {
    const { vectors, stderr } = await exported('best.safetensors', 'plain', '--layers', '0')
    expect(stderr).not.toContain('computing')
    const names = vectors.map(({ name }) => name.replace(/L\d+$/, 'L'))
    expect(names).toEqual(tasks.map((task) => `tiny/${task}/k3-arrow-s41/L`))
    expect(bytes(vectors[0] as Vector)).toEqual(
      stored(
        "select \"values\" from task_vectors v join sweep_runs s on s.run_key = (select key from runs where id = v.run_id) where s.task_id = 'algorithmic_to_upper' and s.kind = 'hypothesis' and s.sweep_id like 'plain-%'",
      ),
    )
    const { metadata } = readVectors(path('best.safetensors'))
    expect(metadata).toMatchObject({ model: 'tiny', prompt: 'arrow', k: '3', seed: '41', scale: '1' })
    expect(metadata['layer_convention']).toContain('resid_post')
    const own = JSON.parse(metadata[vectors[0]?.name ?? ''] ?? '{}') as Record<string, string>
    expect(own).toMatchObject({ task: 'algorithmic_to_upper', layer: String(vectors[0]?.layer) })
    expect(own['content_hash']).toBe(stored('select content_hash from models'))
  })

  it('computes what was not stored, and agrees with what another sweep stored', async () => {
    const args = ['--layers', 'all', '--task', 'algorithmic_to_upper']
    const computed = await exported('computed.safetensors', 'plain', ...args)
    expect(computed.stderr).toContain('computing θ of 1 tasks')
    const means = await exported('means.safetensors', 'means', ...args)
    expect(means.stderr).not.toContain('computing')
    expect(means.vectors.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5])
    for (const [i, { values }] of means.vectors.entries())
      for (const [j, value] of values.entries()) expect(computed.vectors[i]?.values[j]).toBeCloseTo(value, 5)
  })

  it('gives each item, also as npy', async () => {
    const { vectors } = await exported(
      'items',
      'stored',
      '--layers',
      '1,3-4',
      '--per-item',
      '--format',
      'npy',
    )
    expect(vectors).toHaveLength(2 * 3 * 5)
    const manifest = JSON.parse(readFileSync(join(path('items'), 'manifest.json'), 'utf8')) as {
      vectors: { name: string; file: string }[]
    }
    expect(manifest.vectors[0]?.name).toBe('tiny/algorithmic_to_upper/k3-arrow-s41/L1/item0')
    for (const { file } of manifest.vectors) expect(existsSync(join(path('items'), file))).toBe(true)
  })

  it('refuses what it cannot do, and lists what exists', async () => {
    const of = (...args: string[]) => sandbox.taskvec(['vectors', 'export', '--out', path('x.npy'), ...args])
    expect((await of('--layers', '99')).stderr).toContain('layer 99 is out of range: tiny has 6 blocks')
    expect((await of('stored', '--experiment', 'robustness')).stderr).toContain(
      'Experiments with θ: main, item_thetas',
    )
    expect((await of('--task', 'nothing')).stderr).toContain('no finished task matches')
  })
})

describe('the library', () => {
  it('keeps an imported vector, lists it, and predict patches it in', async () => {
    await exported('one.safetensors', 'plain', '--layers', '0', '--task', 'algorithmic_to_upper')
    const db = { db: null }
    const imported = await sandbox.taskvec(
      ['vectors', 'import', path('one.safetensors'), '--name', 'upper'],
      db,
    )
    expect(imported.stderr).toBe('')
    const { stdout } = await sandbox.taskvec(['vectors', 'list', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      library: [{ name: 'upper', vectors: 1, dModel: 32, mode: 'replace', source: 'one.safetensors' }],
    })
    const predict = (...args: string[]) =>
      sandbox.taskvec(['predict', '--model', sandbox.model, '--query', 'q', '--json', ...args], db)
    const { patched, top } = JSON.parse((await predict('--vector', 'upper')).stdout) as {
      top: { token: number; logit: number }[]
      patched: { top: { token: number; logit: number }[]; vectors: object[] }[]
    }
    expect(patched).toHaveLength(1)
    expect(patched[0]?.top[0]?.logit).not.toBe(top[0]?.logit)
    const none = await predict('--vector', 'upper', '--scale', '0', '--mode', 'add')
    const { patched: unchanged } = JSON.parse(none.stdout) as { patched: { top: object[] }[] }
    expect(unchanged[0]?.top).toEqual(top)
    expect((await predict('--vector', 'uper')).stderr).toContain('did you mean "upper"?')
  })
})

describe('theta: in a config', () => {
  const task = 'algorithmic_to_upper'
  const given = (theta: unknown) => ({ ...small, tasks: [{ id: task, theta }], layers: [2, 4] })

  it('is patched in instead of θ, is part of the keys, and verify computes it again', async () => {
    const { vectors } = await exported('given.safetensors', 'plain', '--layers', '0', '--task', task)
    const run = await sandbox.taskvec(['run', sandbox.config('given', given('given.safetensors'))])
    expect(run.exitCode).toBe(0)
    const own = "join runs r on r.key = s.run_key where s.sweep_id like 'given-%' and s.kind = 'hypothesis'"
    expect(
      stored(
        `select v."values" from sweep_runs s ${own.replace('where', 'join task_vectors v on v.run_id = r.id where')}`,
      ),
    ).toEqual(bytes(vectors[0] as Vector))
    const layer = stored(`select r.layer from sweep_runs s ${own}`)
    const prediction = (column: string) =>
      stored(
        `select ${column} from sweep_runs s ${own.replace('where', 'join predictions p on p.run_id = r.id join items i on i.items_hash = r.items_hash and i.item = p.item where')} order by p.item`,
      )
    const { stdout } = await sandbox.taskvec(
      [
        'predict',
        '--model',
        sandbox.model,
        '--query',
        String(prediction('i.query')),
        '--json',
        '--vector',
        path('given.safetensors'),
        '--layer',
        String(layer),
      ],
      { db: null },
    )
    const { patched } = JSON.parse(stdout) as { patched: { top: { token: number }[] }[] }
    expect(patched[0]?.top[0]?.token).toBe(prediction('p.token'))
    const verify = await sandbox.taskvec(['verify', 'given', '--full'])
    expect(verify.stdout).toContain('No differences found.')
    // The same task without it, and with another scale, are other runs.
    const scaled = given({ vector: 'given.safetensors', scale: 0.5, mode: 'add' })
    expect((await sandbox.taskvec(['run', sandbox.config('scaled', scaled)])).stderr).toContain(
      'Complete: 2 cells',
    )
    expect(stored("select sum(reused) from cells where sweep_id like 'scaled-%'")).toBe(0)
    expect(
      stored(
        "select count(distinct run_key) from cells where task_id = 'algorithmic_to_upper' and layer = 2",
      ),
    ).toBe(3)
  })

  it('of another width is refused by name before anything is computed', async () => {
    await sandbox.taskvec(['vectors', 'import', control, '--name', 'control'], { db: null })
    const run = await sandbox.taskvec(['run', sandbox.config('narrow', given('control'))])
    expect(run.stderr).toContain('θ "control" has 8 values; the model\'s d_model is 32')
    expect(run.exitCode).toBe(3)
    const unknown = await sandbox.taskvec(['run', sandbox.config('unknown', given('nothing'))])
    expect(unknown.stderr).toMatch(/tasks.*theta.*no vector "nothing"/s)
  })
})
