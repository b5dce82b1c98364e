import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { locateModel } from '../../src/models/locate.js'
import { halvesToFloats } from '../../src/weights/half.js'
import { openCheckpoint } from '../../src/weights/open.js'

const golden = join(projectRoot(), 'test', 'golden')
const expected = JSON.parse(readFileSync(join(golden, 'weights', 'expected.json'), 'utf8')) as Record<
  string,
  Record<string, { shape: number[]; sha256: string }>
>

function digest(values: Float32Array): string {
  return createHash('sha256').update(values).digest('hex')
}

/** Regenerate with test/golden/make_weights.py. */
describe('every tensor is, bit for bit, what transformers reads', () => {
  it.each([
    [
      'a GGUF of F32, F16, BF16, Q8_0, Q4_0 and Q4_1',
      'weights/mixed.gguf',
      join(golden, 'weights/mixed.gguf'),
    ],
    ['a GGUF of Q4_K and Q6_K', 'weights/k-quants.gguf', join(golden, 'weights/k-quants.gguf')],
    ['SmolLM2 in GGUF Q4_1', 'smollm2', locateModel({ id: 'smollm2-135m-q4' })],
    ['PyTorch, a zip archive', 'weights/pytorch-zip', join(golden, 'weights/pytorch-zip')],
    ['PyTorch, a stream', 'weights/pytorch-stream', join(golden, 'weights/pytorch-stream')],
    ['PyTorch, one shard of each', 'weights/pytorch-sharded', join(golden, 'weights/pytorch-sharded')],
    ['a folder of f16', 'tiny/f16', join(golden, 'tiny/f16')],
    ['a folder of bf16 in shards', 'tiny/bf16-sharded', join(golden, 'tiny/bf16-sharded')],
  ])('%s', async (_, key, path) => {
    const checkpoint = await openCheckpoint(path)
    const tensors = expected[key] ?? {}
    const found = Object.keys(tensors).map((name) => [
      name,
      { shape: checkpoint.tensors.get(name)?.shape, sha256: digest(checkpoint.read(name)) },
    ])
    checkpoint.close()
    expect(Object.fromEntries(found)).toEqual(tensors)
    expect([...checkpoint.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort())
  })

  it('all 65,536 f16 bit patterns become the f32 values of numpy', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i)
    expect(digest(halvesToFloats(bits))).toBe(expected['all f16 bit patterns']?.['float16']?.sha256)
  })
})

describe('openCheckpoint', () => {
  it('makes a config.json of the metadata of a GGUF', async () => {
    const checkpoint = await openCheckpoint(join(golden, 'weights/mixed.gguf'))
    checkpoint.close()
    expect(checkpoint.config).toEqual({
      model_type: 'llama',
      hidden_size: 64,
      num_hidden_layers: 2,
      intermediate_size: 96,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      rms_norm_eps: Math.fround(1e-5),
      max_position_embeddings: 128,
      rope_theta: 50000,
      rope_scaling: null,
      vocab_size: 288,
      tie_word_embeddings: false,
      hidden_act: 'silu',
      bos_token_id: 0,
      eos_token_id: 1,
    })
  })

  it.each(['weights/mixed.gguf', 'weights/k-quants.gguf', 'tiny/f16', 'tiny/bf16-sharded', 'tiny/mha'])(
    '%s: rows read alone equal the same rows of the whole table',
    async (path) => {
      const checkpoint = await openCheckpoint(join(golden, path))
      const name = 'model.embed_tokens.weight'
      const [rows = 0, columns = 0] = checkpoint.tensors.get(name)?.shape ?? []
      const whole = checkpoint.read(name)
      const chosen = [rows - 1, 0, 7, 7, 30]
      const alone = checkpoint.readRows(name, chosen)
      checkpoint.close()
      expect(Array.from(alone)).toEqual(
        chosen.flatMap((row) => Array.from(whole.subarray(row * columns, (row + 1) * columns))),
      )
      expect(() => checkpoint.readRows(name, [rows])).toThrow(`token id ${rows} is out of range`)
    },
  )

  it('reads rows of GGUF queries, stored in another order, as they stand in the whole matrix', async () => {
    const checkpoint = await openCheckpoint(join(golden, 'weights/k-quants.gguf'))
    for (const name of checkpoint.tensors.keys()) {
      const shape = checkpoint.tensors.get(name)?.shape ?? []
      if (shape.length !== 2) continue
      const rows = Array.from({ length: shape[0] as number }, (_, row) => row)
      expect(digest(checkpoint.readRows(name, rows))).toBe(digest(checkpoint.read(name)))
    }
    checkpoint.close()
  })

  it.each([
    ['tiny/f16', 'F16', 2],
    ['weights/pytorch-sharded', 'F16', 2],
    ['tiny/bf16-sharded', 'BF16', 2],
    ['tiny/mha', 'F32', 4],
  ])('%s: tensors are also read ahead as stored, not expanded', async (path, type, size) => {
    const checkpoint = await openCheckpoint(join(golden, path))
    for (const [name, tensor] of checkpoint.tensors) {
      const stored = await checkpoint.readAhead(name)
      expect(tensor.type).toBe(type)
      expect(stored.length).toBe(tensor.shape.reduce((a, b) => a * b, size))
      expect(stored.byteOffset).toBe(0)
      expect(digest(checkpoint.arrange(name, stored))).toBe(digest(checkpoint.read(name)))
    }
    checkpoint.close()
  })

  it('reads GGUF queries ahead in their own order', async () => {
    const checkpoint = await openCheckpoint(join(golden, 'weights/k-quants.gguf'))
    for (const name of checkpoint.tensors.keys())
      expect(digest(checkpoint.arrange(name, await checkpoint.readAhead(name)))).toBe(
        digest(checkpoint.read(name)),
      )
    checkpoint.close()
  })

  it('reads GGUF version 2, whose layout is that of version 3', async () => {
    const bytes = readFileSync(join(golden, 'weights/mixed.gguf'))
    bytes.writeUInt32LE(2, 4)
    const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'two.gguf')
    writeFileSync(file, bytes)
    const checkpoint = await openCheckpoint(file)
    const name = 'model.layers.0.self_attn.q_proj.weight'
    expect(digest(checkpoint.read(name))).toBe(expected['weights/mixed.gguf']?.[name]?.sha256)
    checkpoint.close()
  })

  it.each(['zip', 'stream'])(
    'PyTorch %s: what cannot be read as f32 is named with the reason',
    async (form) => {
      const checkpoint = await openCheckpoint(join(golden, `weights/pytorch-${form}`))
      checkpoint.close()
      expect(checkpoint.format).toBe('pytorch')
      expect(Object.fromEntries(checkpoint.unread)).toEqual({
        mask: 'type BOOL; known: F32, F16, BF16',
        bytes: 'type U8; known: F32, F16, BF16',
        count: 'type I64; known: F32, F16, BF16',
        double: 'type F64; known: F32, F16, BF16',
        transposed: 'strides [1, 4] for [4, 3]: not row-major',
        expanded: 'strides [1, 0] for [3, 2]: not row-major',
      })
      expect(() => checkpoint.read('mask')).toThrow('tensor mask: type BOOL; known: F32, F16, BF16')
    },
  )
})
