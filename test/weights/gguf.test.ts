import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { identify } from '../../src/architectures/catalog.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { f32, ggufBytes, string, u32, type Field, type GgufContents } from './file-bytes.js'

vi.stubEnv('TASKVEC_HOME', mkdtempSync(join(tmpdir(), 'taskvec-')))

const names = ['token_embd', 'output_norm', 'blk.0.attn_q', 'blk.0.attn_k', 'blk.0.ffn_up']
const data = new Uint8Array(Float32Array.from({ length: 5 * 16 }, (_, i) => i / 8).buffer)
const counts: readonly (readonly [string, number])[] = [
  ['embedding_length', 4],
  ['block_count', 1],
  ['feed_forward_length', 8],
  ['attention.head_count', 2],
  ['attention.head_count_kv', 2],
  ['attention.key_length', 2],
  ['rope.dimension_count', 2],
  ['context_length', 32],
]

function metadata(typed: (value: number) => Field = u32): GgufContents['metadata'] {
  return [
    ['general.architecture', string('llama')],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
    ...counts.map(([key, value]) => [`llama.${key}`, typed(value)] as const),
  ]
}

function tensors(from: number, to: number): Pick<GgufContents, 'tensors' | 'data'> {
  return {
    tensors: names
      .slice(from, to)
      .map((name, i) => ({ name: `${name}.weight`, dims: [4, 4], type: 0, offset: 64 * i })),
    data: data.subarray(64 * from, 64 * to),
  }
}

const u16 = (value: number): Field => [2, value]
const i32 = (value: number): Field => [5, value]
const split = (no: number, count: number): GgufContents['metadata'] => [
  ['split.no', u16(no)],
  ['split.count', u16(count)],
  ['split.tensors.count', i32(names.length)],
]

/** As gguf-split writes a model: all metadata in the first part, tensors in each. */
function writeParts(folder: string, name = 'm', parts = [split(0, 2), split(1, 2)]): string[] {
  mkdirSync(folder, { recursive: true })
  const paths = [1, 2].map((part) => join(folder, `${name}-0000${part}-of-00002.gguf`))
  writeFileSync(
    paths[0] as string,
    ggufBytes({ metadata: [...metadata(), ...(parts[0] ?? [])], ...tensors(0, 2) }),
  )
  writeFileSync(paths[1] as string, ggufBytes({ metadata: parts[1] ?? [], ...tensors(2, 5) }))
  return paths
}

async function contents(path: string) {
  const checkpoint = await openCheckpoint(path)
  try {
    const { config, modelHash } = checkpoint
    const values = [...checkpoint.tensors.keys()]
      .sort()
      .map((name) => [name, Array.from(checkpoint.read(name))])
    return { config, modelHash, values }
  } finally {
    checkpoint.close()
  }
}

const folder = () => mkdtempSync(join(tmpdir(), 'taskvec-'))

describe('a GGUF in parts', () => {
  it('is the whole model, named by any part, by its folder, or by links as in a cache', async () => {
    const whole = join(folder(), 'whole.gguf')
    writeFileSync(whole, ggufBytes({ metadata: metadata(), ...tensors(0, 5) }))
    const { config, values } = await contents(whole)
    const at = folder()
    const [first = '', second = ''] = writeParts(at)
    writeFileSync(join(at, 'mmproj-m.gguf'), '')
    const cache = folder()
    for (const [part, name] of [
      [first, 'm-00001-of-00002.gguf'],
      [second, 'm-00002-of-00002.gguf'],
    ] as const) {
      const blob = join(folder(), 'blob')
      cpSync(part, blob)
      symlinkSync(blob, join(cache, name))
    }
    const found = [first, second, at, join(cache, 'm-00002-of-00002.gguf')]
    const all = await Promise.all(found.map(contents))
    for (const part of all) expect(part).toMatchObject({ config, values })
    expect(new Set(all.map(({ modelHash }) => modelHash)).size).toBe(1)
  })

  it('whose content changes in any part has another hash', async () => {
    const at = folder()
    const [, second = ''] = writeParts(at)
    const before = await contents(at)
    const changed = tensors(2, 5)
    writeFileSync(second, ggufBytes({ metadata: split(1, 2), ...changed, data: new Uint8Array(192) }))
    expect((await contents(at)).modelHash).not.toBe(before.modelHash)
  })

  it.each([
    [1, 'm-00001-of-00002.gguf'],
    [2, 'm-00002-of-00002.gguf'],
  ])('without part %i names the missing file', async (part, name) => {
    const at = folder()
    const paths = writeParts(at)
    rmSync(paths[part - 1] as string)
    for (const path of [at, paths[2 - part] as string])
      await expect(openCheckpoint(path)).rejects.toThrow(`1 of the 2 parts of m missing: ${name}`)
  })

  it.each<[string, GgufContents['metadata'][], string]>([
    ['are of two splits', [split(0, 2), split(1, 3)], 'is part 2 of 3 by its metadata, but part 2 of 2'],
    [
      'are swapped',
      [split(1, 2), split(0, 2)],
      'is part 2 of 2 by its metadata, but part 1 of 2 by its name',
    ],
    [
      'do not say that they are parts',
      [[], []],
      'is part 1 of 0 by its metadata, but part 1 of 2 by its name',
    ],
    [
      'hold fewer tensors than the whole',
      [[...split(0, 2).slice(0, 2), ['split.tensors.count', i32(9)]], split(1, 2)],
      'split.tensors.count is 9, but the parts hold 5 tensors',
    ],
  ])('is refused where parts %s', async (_, parts, message) => {
    const at = folder()
    writeParts(at, 'm', parts)
    await expect(openCheckpoint(at)).rejects.toThrow(message)
  })

  it('is refused where a tensor is in two parts', async () => {
    const at = folder()
    const [, second = ''] = writeParts(at)
    writeFileSync(second, ggufBytes({ metadata: split(1, 2), ...tensors(1, 5) }))
    await expect(openCheckpoint(at)).rejects.toThrow('tensor output_norm.weight is also in')
  })

  it('is refused where a part does not have its name, or a folder holds two models', async () => {
    const at = folder()
    const [first = ''] = writeParts(at)
    const renamed = join(folder(), 'model.gguf')
    cpSync(first, renamed)
    await expect(openCheckpoint(renamed)).rejects.toThrow('is part 1 of 2, but its name does not say so')
    writeParts(at, 'other')
    await expect(openCheckpoint(at)).rejects.toThrow(
      'holds 2 GGUF models: m in 00002 parts, other in 00002 parts',
    )
  })
})

describe('metadata', () => {
  it.each<[string, number]>([
    ['u8', 0],
    ['i8', 1],
    ['u16', 2],
    ['i16', 3],
    ['u32', 4],
    ['i32', 5],
    ['u64', 10],
    ['i64', 11],
  ])('of counts as %s makes the same config', async (_, type) => {
    const write = (typed: (value: number) => Field) => {
      const path = join(folder(), 'model.gguf')
      writeFileSync(path, ggufBytes({ metadata: metadata(typed), ...tensors(0, 5) }))
      return path
    }
    const { config, values } = await contents(write((value) => [type, value]))
    expect(config).toMatchObject({ hidden_size: 4, head_dim: 2, num_key_value_heads: 2 })
    expect(await contents(write(u32))).toMatchObject({ config, values })
    expect((await contents(write((value) => [9, [value, value], type]))).config).toEqual(config)
  })

  it('that differs by layer is refused by name', async () => {
    const path = join(folder(), 'model.gguf')
    const heads = ['llama.attention.head_count_kv', [9, [1, 2], 4]] as const
    const rest = metadata().filter(([key]) => key !== heads[0])
    writeFileSync(path, ggufBytes({ metadata: [...rest, heads], ...tensors(0, 5) }))
    await expect(openCheckpoint(path)).rejects.toThrow(
      'llama.attention.head_count_kv differs by layer: [1, 2]',
    )
  })

  it('that exceeds the range of numbers is not a count', async () => {
    const path = join(folder(), 'model.gguf')
    const typed = (value: number): Field => [10, value === 4 ? 2n ** 60n : value] as unknown as Field
    writeFileSync(path, ggufBytes({ metadata: metadata(typed), ...tensors(0, 5) }))
    const checkpoint = await openCheckpoint(path)
    expect(() => identify(checkpoint)).toThrow('hidden_size')
    checkpoint.close()
  })
})
