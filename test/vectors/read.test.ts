import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { layerOf } from '../../src/vectors/layer-names.js'
import { npyBytes } from '../../src/vectors/npy.js'
import { readVectors } from '../../src/vectors/read.js'
import { safetensorsBytes } from '../../src/vectors/safetensors.js'
import { vectorsHash } from '../../src/vectors/vector.js'

const golden = (name: string) => join(projectRoot(), 'test', 'golden', 'vectors', name)
/** As make_vectors.py has it. */
const vector = (layer: number) => Array.from({ length: 8 }, (_, i) => (i + 10 * layer) / 4)
const folder = mkdtempSync(join(tmpdir(), 'taskvec-vectors-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('vectors from other tools', () => {
  it.each([
    ['control.gguf', 'add', [1, 2, 3]],
    ['one.pt', 'replace', [null]],
    ['by-layer.pt', 'replace', [1, 3]],
    ['list.pt', 'replace', [0, 1]],
    ['one.npy', 'replace', [null]],
    ['half.npy', 'replace', [null]],
    ['matrix.npy', 'replace', [0, 1, 2]],
  ])('%s: mode %s, layers %j', (name, mode, layers) => {
    const read = readVectors(golden(name))
    expect(read.mode).toBe(mode)
    expect(read.vectors.map(({ layer }) => layer)).toEqual(layers)
    for (const { layer, values } of read.vectors) expect([...values]).toEqual(vector(layer ?? 2))
  })

  it.each([
    ['double.pt', /tensor 1: type F64/],
    ['double.npy', /its values are of type <f8; supported: <f4, <f2/],
    ['fortran.npy', /is in Fortran order/],
  ])('%s is refused by name', (name, message) => {
    expect(() => readVectors(golden(name))).toThrow(message)
  })

  it('a model is not taken for vectors', () => {
    const model = join(projectRoot(), 'miniatures', 'llama-mini-s', 'model.safetensors')
    expect(() => readVectors(model)).toThrow(/is a matrix among \d+ tensors: a model, not vectors/)
  })

  it('truncated or altered files are refused', () => {
    const whole = npyBytes(Float32Array.from(vector(1)))
    expect(() => readVectors(file('cut.npy', whole.subarray(0, whole.length - 4)))).toThrow(/takes 32 bytes/)
    expect(() => readVectors(file('short.npy', whole.subarray(0, 9)))).toThrow(/truncated|not a/)
    const nan = safetensorsBytes([{ name: 'L1', values: Float32Array.of(1, NaN) }], {})
    expect(() => readVectors(file('nan.safetensors', nan))).toThrow(
      /tensor L1 holds values that are not finite/,
    )
    expect(() => readVectors(file('empty', Buffer.alloc(0)))).toThrow(/truncated|needs bytes/)
  })
})

describe('what taskvec writes', () => {
  const vectors = [4, 12].map((layer) => ({
    name: `model/task/k5-arrow-s41/L${layer}`,
    layer,
    values: Float32Array.from(vector(layer)),
  }))

  it('is read back the same: safetensors with metadata, npy folders', () => {
    const read = readVectors(
      file('own.safetensors', safetensorsBytes(vectors, { model: 'm', note: 'é "x"' })),
    )
    expect(read.metadata).toEqual({ model: 'm', note: 'é "x"' })
    expect(vectorsHash(read.vectors)).toBe(vectorsHash(vectors))
    for (const { name, values } of vectors) {
      mkdirSync(join(folder, 'npy', name, '..'), { recursive: true })
      file(`npy/${name}.npy`, npyBytes(values))
    }
    const byName = [...readVectors(join(folder, 'npy')).vectors].sort(
      (a, b) => (a.layer ?? 0) - (b.layer ?? 0),
    )
    expect(vectorsHash(byName)).toBe(vectorsHash(vectors))
  })
})

describe('the layer that a name stands for', () => {
  it.each([
    ['smollm2-135m/task/k5-arrow-s41/L12', 12],
    ['smollm2-135m/task/k5-arrow-s41/L12/item3', 12],
    ['direction.7', 7],
    ['model.layers.11', 11],
    ['layer_3', 3],
    ['blocks.5.hook_resid_post', 5],
    ['blocks.5.hook_resid_pre', 4],
    ['9', 9],
    ['theta', null],
    ['gpt2-xl', null],
    ['layers.1.blocks.2', null],
  ])('%s: %s', (name, layer) => expect(layerOf(name)).toBe(layer))
})
