import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import { checkModel } from '../../src/models/check.js'
import { makeTinyModel } from '../tiny-model.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-settle-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A tiny model with another config and further tensors, f32. */
function model(
  name: string,
  changes: object,
  more: Record<string, { shape: number[]; values: number[] }> = {},
) {
  const path = makeTinyModel(join(folder, name), { blocks: 1, dModel: 8 })
  const config = join(path, 'config.json')
  const given = JSON.parse(readFileSync(config, 'utf8')) as object
  writeFileSync(config, JSON.stringify({ ...given, ...changes }))
  const weights = join(path, 'model.safetensors')
  const bytes = readFileSync(weights)
  const length = Number(bytes.readBigUInt64LE())
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, unknown>
  let end = bytes.length - 8 - length
  const parts = Object.entries(more).map(([tensor, { shape, values }]) => {
    const part = Buffer.from(Float32Array.from(values).buffer)
    header[tensor] = { dtype: 'F32', shape, data_offsets: [end, (end += part.length)] }
    return part
  })
  const text = Buffer.from(JSON.stringify(header))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(weights, Buffer.concat([size, text, bytes.subarray(8 + length), ...parts]))
  return path
}

async function logitsOf(path: string) {
  const engine = await loadEngine(path)
  const logits = await engine.logits([5, 6, 7])
  await engine.close()
  return { logits, warnings: engine.info.warnings ?? [] }
}

describe('a head of its own', () => {
  it('beside tie_word_embeddings: true is used, with a warning', async () => {
    const tied = await logitsOf(model('tied', { tie_word_embeddings: true }))
    const untied = await logitsOf(model('untied', { tie_word_embeddings: false }))
    expect(tied.logits).toEqual(untied.logits)
    expect(untied.warnings).toEqual([])
    expect(tied.warnings).toEqual([
      expect.stringContaining(
        'lm_head.weight is there and differs from model.embed_tokens.weight: it is used',
      ),
    ])
  })
})

describe('a tensor that config.json does not announce', () => {
  const bias = (value: number) => ({
    'model.layers.0.self_attn.q_proj.bias': { shape: [8], values: Array<number>(8).fill(value) },
  })

  it.each([
    ['a bias', bias(1), 'model.layers.0.self_attn.q_proj.bias is in the file', 'attention_bias'],
    [
      'a norm',
      { 'model.layers.0.self_attn.q_norm.weight': { shape: [2], values: [1, 1] } },
      'q_norm.weight is in the file',
      'model_type',
    ],
  ])('within a block is refused by name: %s', async (name, more, message, hint) => {
    await expect(checkModel(model(name.replace(' ', '-'), {}, more))).rejects.toMatchObject({
      message: expect.stringContaining(message) as unknown,
      hint: expect.stringContaining(hint) as unknown,
    })
  })

  it('is left where it changes nothing: a bias of zeros', async () => {
    expect((await checkModel(model('zeros', {}, bias(0)))).warnings).toEqual([])
  })

  it('outside the blocks is named in a warning', async () => {
    const path = model('block', {}, { 'model.layers.1.mlp.up_proj.weight': { shape: [1], values: [1] } })
    const { warnings, ok } = await checkModel(path)
    expect(ok).toBe(true)
    expect(warnings).toEqual([expect.stringContaining('model.layers.1.mlp.up_proj.weight is not used')])
  })
})

it('an adapter beside the weights is refused', async () => {
  const path = model('adapter', {})
  writeFileSync(join(path, 'adapter_config.json'), '{}')
  await expect(checkModel(path)).rejects.toThrow('adapter_config.json: the weights have an adapter')
})
