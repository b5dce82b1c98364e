import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { llama } from '../../src/architectures/families/llama.js'
import { projectRoot } from '../../src/system/home.js'
import { TaskvecError } from '../../src/domain/errors.js'
import { loadTokenizer } from '../../src/tokenizer/tokenizer.js'
import { openCheckpoint } from '../../src/weights/open.js'
import {
  f32,
  ggufBytes,
  nestedArray,
  safetensorsBytes,
  string,
  u32,
  uint64,
  type GgufContents,
} from './file-bytes.js'

const golden = join(projectRoot(), 'test', 'golden')
const home = mkdtempSync(join(tmpdir(), 'taskvec-'))
vi.stubEnv('TASKVEC_HOME', home)

const entry = (shape: number[], start: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [start, end],
})

describe('a safetensors file is refused where', () => {
  it.each<[string, Buffer, string]>([
    ['it is empty', Buffer.alloc(0), 'needs bytes 0 to 8, but the file has 0: it is truncated or altered'],
    ['the header claims more than any has', uint64(2n ** 63n), 'the header claims 9223372036854776000 bytes'],
    ['the header ends after the file', Buffer.concat([uint64(50), Buffer.from('{}')]), 'needs bytes 8 to 58'],
    ['the header is not JSON', safetensorsBytes('{"a"'), 'not JSON'],
    ['the header is a list', safetensorsBytes([]), 'not a JSON object'],
    ['an entry has no shape', safetensorsBytes({ a: { dtype: 'F32' } }), 'tensor a: malformed entry'],
    ['a size is negative', safetensorsBytes({ a: entry([-1], 0, 4) }), 'malformed entry'],
    ['a size is no whole number', safetensorsBytes({ a: entry([1.5], 0, 4) }), 'malformed entry'],
    [
      'there are too many dimensions',
      safetensorsBytes({ a: entry(Array(9).fill(1) as number[], 0, 4) }),
      'malformed',
    ],
    [
      'a dtype is not read here',
      safetensorsBytes({ a: entry([1], 0, 1, 'F8_E4M3') }),
      'dtype F8_E4M3; known: F32, F16, BF16, F64',
    ],
    [
      'bytes and shape disagree',
      safetensorsBytes({ a: entry([2], 0, 4) }, Buffer.alloc(4)),
      'has 4 bytes, but F32 [2] takes 8',
    ],
    [
      'a shape overflows',
      safetensorsBytes({ a: entry([2 ** 52, 2 ** 52], 0, 4) }, Buffer.alloc(4)),
      'has 4 bytes, but',
    ],
    [
      'an entry ends before it starts',
      safetensorsBytes({ a: entry([1], 8, 4) }, Buffer.alloc(8)),
      'has -4 bytes',
    ],
    [
      'a tensor lies outside',
      safetensorsBytes({ a: entry([1], 0, 4) }, Buffer.alloc(2)),
      'it is truncated or points outside',
    ],
    [
      'two tensors overlap',
      safetensorsBytes({ a: entry([2], 0, 8), b: entry([1], 4, 8) }, Buffer.alloc(8)),
      'tensors overlap or leave gaps',
    ],
    [
      'there is a gap',
      safetensorsBytes({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, Buffer.alloc(12)),
      'tensors overlap or leave gaps',
    ],
    [
      'bytes follow the last tensor',
      safetensorsBytes({ a: entry([1], 0, 4) }, Buffer.alloc(9)),
      '5 bytes after the last tensor',
    ],
    [
      'a name appears twice',
      safetensorsBytes(
        `{"a":${JSON.stringify(entry([1], 0, 4))},"a":${JSON.stringify(entry([1], 4, 8))}}`,
        Buffer.alloc(8),
      ),
      'tensors overlap or leave gaps',
    ],
  ])('%s', async (_, bytes, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
    writeFileSync(join(folder, 'config.json'), '{}')
    writeFileSync(join(folder, 'model.safetensors'), bytes)
    await expect(openCheckpoint(folder)).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: expect.stringContaining(message) as unknown,
    })
  })
})

const metadata: GgufContents['metadata'] = [
  ['general.architecture', string('llama')],
  ['llama.embedding_length', u32(4)],
  ['llama.attention.head_count', u32(1)],
]
const tensor = { name: 'output_norm.weight', dims: [8], type: 0, offset: 0 }
const good: GgufContents = { metadata, tensors: [tensor], data: Buffer.alloc(32) }
const withMetadata = (...more: GgufContents['metadata']) =>
  ggufBytes({ ...good, metadata: [...metadata, ...more] })
const withTensor = (change: Partial<typeof tensor> | { dims: (number | bigint)[] } | { offset: bigint }) =>
  ggufBytes({ ...good, tensors: [{ ...tensor, ...change }] })

describe('a GGUF file is refused where', () => {
  it.each<[string, Buffer, string]>([
    ['it is empty', Buffer.alloc(0), 'it is truncated or altered'],
    ['it is something else', Buffer.from('PK\x03\x04 and more that is no model'), 'not a GGUF file'],
    ['its version is 1', ggufBytes({ ...good, version: 1 }), 'GGUF version 1; known: 2, 3'],
    [
      'it claims countless tensors',
      ggufBytes({ ...good, tensorCount: 2n ** 63n }),
      'a length of 9223372036854775808',
    ],
    [
      'it claims a million million tensors',
      ggufBytes({ ...good, tensorCount: 10n ** 12n }),
      '1000000000000 tensors',
    ],
    [
      'it claims too many entries',
      ggufBytes({ ...good, entryCount: 10n ** 9n }),
      '1000000000 metadata entries',
    ],
    [
      'it claims more tensors than it has',
      ggufBytes({ ...good, tensorCount: 1000n }),
      'truncated or altered',
    ],
    [
      'a string is longer than the file',
      Buffer.concat([
        ggufBytes({ ...good, entryCount: 9n, metadata: [], tensors: [] }).subarray(0, 24),
        uint64(60_000_000),
      ]),
      'the header needs bytes',
    ],
    [
      'a key appears twice',
      withMetadata(['general.architecture', string('llama')]),
      'general.architecture appears twice',
    ],
    ['a value has an unknown type', withMetadata(['a.b', [99, 0]]), 'value type 99 of metadata key a.b'],
    ['arrays are nested without end', withMetadata(['a.b', nestedArray(1000)]), 'arrays nested 3 deep'],
    ['the alignment is 0', withMetadata(['general.alignment', u32(0)]), 'general.alignment is 0'],
    [
      'the alignment is no whole number',
      withMetadata(['general.alignment', f32(1.5)]),
      'general.alignment is 1.5',
    ],
    ['a tensor has five dimensions', withTensor({ dims: [1, 1, 1, 1, 1] }), '5 dimensions; at most 4'],
    ['a type is not read here', withTensor({ type: 41 }), 'type Q1_0; known: F32, F16, Q4_0, Q4_1, Q5_0'],
    ['a type is unknown', withTensor({ type: 77 }), 'has type 77'],
    ['a shape overflows', withTensor({ dims: [2n ** 50n, 2n ** 50n] }), 'does not fill whole F32 blocks'],
    [
      'rows do not fill blocks',
      withTensor({ type: 8, dims: [16, 2] }),
      '[2, 16] does not fill whole Q8_0 blocks',
    ],
    ['a tensor lies outside', withTensor({ offset: 32 }), 'it is truncated or points outside'],
    ['a tensor lies far outside', withTensor({ offset: 2n ** 52n }), 'it is truncated or points outside'],
    [
      'a tensor appears twice',
      ggufBytes({ ...good, tensors: [tensor, tensor] }),
      'output_norm.weight appears twice',
    ],
    [
      'a tensor is no part of a llama',
      withTensor({ name: 'blk.0.ssm_in.weight' }),
      'tensor blk.0.ssm_in.weight is not part of a known llama model',
    ],
    [
      'frequency factors are more than any head has values',
      withTensor({ name: 'rope_freqs.weight', dims: [1 << 20], type: 12 }),
      'it is truncated or points outside',
    ],
    [
      'the architecture is another',
      ggufBytes({ ...good, metadata: [['general.architecture', string('gema3')]] }),
      'GGUF architecture "gema3"; did you mean "gemma3"?; known: llama, qwen2',
    ],
    [
      'the rotary part is a part of the head',
      withMetadata(['llama.rope.dimension_count', u32(2)]),
      'llama.rope.dimension_count is 2, but a head has 4',
    ],
    [
      'the rope scaling is another',
      withMetadata(['llama.rope.scaling.type', string('ntk')]),
      'rope scaling "ntk" in a GGUF; known: none, linear, yarn',
    ],
  ])('%s', async (_, bytes, message) => {
    const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'model.gguf')
    writeFileSync(file, bytes)
    const error: unknown = await openCheckpoint(file).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TaskvecError)
    expect((error as TaskvecError).message).toContain(message)
    expect((error as TaskvecError).message).toContain(file)
  })

  it('it is a pipe that nobody writes to', async () => {
    const pipe = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'model.gguf')
    execFileSync('mkfifo', [pipe])
    await expect(openCheckpoint(pipe)).rejects.toThrow(`${pipe}: not a regular file`)
  })
})

it('the smallest good GGUF of these tests is opened: each refusal above is for its own reason', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'model.gguf')
  writeFileSync(file, ggufBytes(good))
  const checkpoint = await openCheckpoint(file)
  expect([...checkpoint.tensors.keys()]).toEqual(['model.norm.weight'])
  checkpoint.close()
})

it('a GGUF tensor of countless rows and no columns has no values, and is read at once', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'model.gguf')
  const queries = { name: 'blk.0.attn_q.weight', dims: [0, 2n ** 52n], type: 0, offset: 0 }
  writeFileSync(file, ggufBytes({ ...good, tensors: [queries] }))
  const checkpoint = await openCheckpoint(file)
  expect(checkpoint.read('model.layers.0.self_attn.q_proj.weight')).toHaveLength(0)
  checkpoint.close()
})

it('a head of billions of values is refused before its rotary table is made', () => {
  const config = {
    hidden_size: 2 ** 32,
    num_attention_heads: 1,
    num_hidden_layers: 1,
    intermediate_size: 4,
    vocab_size: 4,
  }
  expect(() => llama.describe(config, 'config.json')).toThrow(
    'config.json: a head of 4294967296 values; at most 65536 are allowed',
  )
})

/** Reads all there is to read; a refusal is a TaskvecError, anything else escapes. */
async function openAndReadAll(path: string): Promise<void> {
  try {
    const checkpoint = await openCheckpoint(path)
    try {
      for (const name of checkpoint.tensors.keys()) checkpoint.read(name)
      loadTokenizer(checkpoint).encode('example:a->b\n', true)
    } finally {
      checkpoint.close()
    }
  } catch (error) {
    if (!(error instanceof TaskvecError)) throw error
  }
}

describe('a file with any change in its header is read or refused with a TaskvecError', () => {
  const gguf = readFileSync(join(golden, 'weights/mixed.gguf'))
  const safetensors = readFileSync(join(golden, 'tiny/f16/model.safetensors'))
  const dataStart = 8 + Number(safetensors.readBigUInt64LE(0))

  const edits = (length: number) =>
    fc.record({
      changes: fc.array(
        fc.tuple(fc.nat(length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 255, 127, 128))),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      keep: fc.oneof(
        { weight: 3, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
      ),
    })
  const apply = (bytes: Buffer, { changes, keep }: { changes: [number, number][]; keep: number }) => {
    const edited = Buffer.from(bytes.subarray(0, Math.ceil(bytes.length * keep)))
    for (const [at, value] of changes) if (at < edited.length) edited[at] = value
    return edited
  }

  it('GGUF', async () => {
    const file = join(home, 'mutant.gguf')
    const headerLength = gguf.indexOf('output_norm.weight')
    await fc.assert(
      fc.asyncProperty(edits(headerLength), async (edit) => {
        writeFileSync(file, apply(gguf, edit))
        await openAndReadAll(file)
      }),
      { numRuns: 300 },
    )
  })

  it('safetensors', async () => {
    const folder = join(home, 'mutant')
    mkdirSync(folder)
    for (const name of ['config.json', 'tokenizer.json'])
      writeFileSync(join(folder, name), readFileSync(join(golden, 'tiny/f16', name)))
    await fc.assert(
      fc.asyncProperty(edits(dataStart), async (edit) => {
        writeFileSync(join(folder, 'model.safetensors'), apply(safetensors, edit))
        await openAndReadAll(folder)
      }),
      { numRuns: 300 },
    )
  })

  it('tokenizer.json', async () => {
    const folder = join(home, 'mutant-tokenizer')
    mkdirSync(folder)
    for (const name of ['config.json', 'model.safetensors'])
      writeFileSync(join(folder, name), readFileSync(join(golden, 'tiny/f16', name)))
    const tokenizer = readFileSync(join(golden, 'tiny/f16/tokenizer.json'))
    await fc.assert(
      fc.asyncProperty(edits(tokenizer.length), async (edit) => {
        writeFileSync(join(folder, 'tokenizer.json'), apply(tokenizer, edit))
        await openAndReadAll(folder)
      }),
      { numRuns: 200 },
    )
  })
})
