import { execa } from 'execa'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { locateModel } from '../../src/models/locate.js'
import { projectRoot } from '../../src/system/home.js'
import { readVectors } from '../../src/vectors/read.js'
import { Sandbox } from '../sweep/sandbox.js'

const golden = (name: string) => join(projectRoot(), 'test', 'golden', 'vectors', name)
const model = locateModel({ id: 'smollm2-135m-q4' })

/** By docs/python/patch_theta.py --golden, with transformers 5.24.0 and torch 2.15.0 in float32. */
interface Patched {
  readonly name: string
  readonly layer: number
  readonly tokens: readonly number[]
  readonly predicted: number
}

describe('θ of SmolLM2, exported and patched into plain transformers', () => {
  let engine: LocalEngine
  beforeAll(async () => {
    engine = await loadEngine(model)
  })
  afterAll(() => engine.close())

  it('gives the predictions that it gives here, for every item', async () => {
    const { vectors } = readVectors(golden('smollm2-antonyms.safetensors'))
    const patched = JSON.parse(readFileSync(golden('smollm2-antonyms.json'), 'utf8')) as Patched[]
    expect(patched).toHaveLength(vectors.length)
    for (const { name, layer, tokens, predicted } of patched) {
      const vector = vectors.find((each) => each.name === name)?.values ?? new Float32Array()
      const logits = await engine.logits(tokens, [
        { layer, vector, mode: 'replace', position: tokens.length - 1 },
      ])
      expect(logits.indexOf(Math.max(...logits)), name).toBe(predicted)
    }
  })
})

/** A Python with torch, transformers, safetensors and gguf: the script itself, on a sweep of its own. */
const python = process.env['TASKVEC_PYTHON']

describe.skipIf(!python || !existsSync(python))('docs/python/patch_theta.py', () => {
  it('finds all hypothesis predictions of a task the same', async () => {
    await using sandbox = await Sandbox.create()
    const config = sandbox.config('python', {
      models: [{ id: 'smollm2', path: model }],
      tasks: ['linguistic_antonyms'],
      layers: [17],
      devItems: 1,
      baselineItems: 1,
      testItems: 20,
    })
    expect((await sandbox.taskvec(['run', config])).exitCode).toBe(0)
    const out = join(sandbox.folder, 'thetas.safetensors')
    await sandbox.taskvec(['vectors', 'export', '--per-item', '--out', out])
    const script = join(projectRoot(), 'docs', 'python', 'patch_theta.py')
    const { stdout } = await execa(python as string, [
      script,
      sandbox.db,
      out,
      dirname(model),
      basename(model),
    ])
    expect(stdout).toContain('20 of 20 hypothesis predictions are the same')
  })
})
