import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeDecoder } from '../../src/architectures/catalog.js'
import { expectedTensors } from '../../src/architectures/decoder-sizes.js'
import { projectRoot } from '../../src/system/home.js'
import { TaskvecError } from '../../src/domain/errors.js'
import { randomFor } from '../../src/statistics/random.js'
import { tokenizerOf } from '../../src/tokenizer/gguf-tokenizer.js'
import { buildTokenizer } from '../../src/tokenizer/tokenizer.js'
import { BoundedFile } from '../../src/weights/bounded-file.js'
import type { FileTensors } from '../../src/weights/checkpoint.js'
import { readGguf } from '../../src/weights/gguf.js'
import { dequantize } from '../../src/weights/dequantize.js'
import type { GgufArchitecture } from '../../src/weights/gguf-architecture.js'
import { ggufArchitectures } from '../../src/weights/gguf-architectures.js'
import { ggufCheckpoint } from '../../src/weights/gguf-checkpoint.js'
import { parseObject } from '../../src/weights/json-object.js'
import { pytorchTensors } from '../../src/weights/pytorch.js'
import { safetensorsTensors } from '../../src/weights/safetensors.js'
import { tensorReader } from '../../src/weights/tensor-reader.js'
import { weightFiles } from '../../src/weights/weight-files.js'
import { familyConfig, familyModels } from '../golden/families.js'
import { f32, ggufBytes, string, u32 } from '../weights/file-bytes.js'
import { mutate } from './mutate.js'
import { userTargets } from './user-targets.js'

/** A format that is read from outside: a good file, how much of it is header, and all that is done with it. */
export interface Target {
  readonly name: string
  readonly file: string
  readonly good: Buffer
  /** Further good files, taken in turns with it. */
  readonly others?: readonly Buffer[]
  readonly header: number
  readonly read: (path: string) => void
}

export interface FuzzResult {
  readonly target: string
  readonly cases: number
  readonly accepted: number
  readonly refused: Readonly<Record<string, number>>
  readonly slowest: { readonly ms: number; readonly case: number }
}

const golden = join(projectRoot(), 'test', 'golden')
const at = (path: string) => readFileSync(join(golden, path))
const folder = mkdtempSync(join(tmpdir(), 'taskvec-fuzz-'))
const sharded = join(folder, 'sharded')
mkdirSync(sharded)
for (const shard of [1, 2]) writeFileSync(join(sharded, `model-0000${shard}-of-00002.safetensors`), '')

export const targets: readonly Target[] = [
  weights('safetensors', 'model.safetensors', at('tiny/f16/model.safetensors'), safetensorsTensors),
  weights('pickle in a zip', 'zip.bin', at('weights/pytorch-zip/pytorch_model.bin'), pytorchTensors),
  weights('pickle stream', 'stream.bin', at('weights/pytorch-stream/pytorch_model.bin'), pytorchTensors),
  {
    name: 'GGUF',
    file: 'model.gguf',
    good: smallGguf(),
    header: smallGguf().length - 192,
    others: Object.keys(ggufArchitectures).map(smallGguf),
    read: (path) =>
      withFile(path, (file) => {
        const gguf = readGguf(file)
        const { config, tensors, ...layout } = ggufCheckpoint(path, gguf, ({ type, offset, byteLength }) =>
          dequantize(type, file.read(offset, byteLength, 'a tensor')),
        )
        describeDecoder(config, path)
        const reader = tensorReader(path, tensors, new Map(), new Map([[path, file]]), layout)
        for (const name of tensors.keys()) reader.read(name)
        tokenizerOf(path, gguf.metadata)
      }),
  },
  {
    ...json('config.json', at('tiny/rope-llama3/config.json'), (path) => {
      const config = parseObject(path, readFileSync(path, 'utf8'), 'MODEL')
      const decoder = describeDecoder(config, path)
      expectedTensors(decoder)
      for (const { attention } of decoder.layers) attention.rotary?.angles(1)
    }),
    others: familyModels.map((name) => Buffer.from(JSON.stringify(familyConfig(name), null, 1))),
  },
  json('tokenizer.json', at('tiny/f16/tokenizer.json'), (path) => {
    const tokenizer = parseObject(path, readFileSync(path, 'utf8'))
    buildTokenizer(path, { tokenizer, config: {} }).encode('example:a->b\n', true)
  }),
  {
    ...json('index.json', at('tiny/bf16-sharded/model.safetensors.index.json'), () => weightFiles(sharded)),
    file: join('sharded', 'model.safetensors.index.json'),
  },
  ...userTargets(folder),
]

/** Throws at the first case that ends in anything but success or a TaskvecError; same seed, same cases. */
export function fuzz(target: Target, cases: number, seed: number): FuzzResult {
  const path = join(folder, target.file)
  const refused: Record<string, number> = {}
  let accepted = 0
  let slowest = { ms: 0, case: 0 }
  for (let i = 0; i < cases; i++) {
    const other = target.others?.[i % (target.others.length + 1)]
    const [good, header] = other ? [other, other.length] : [target.good, target.header]
    writeFileSync(path, mutate(good, header, randomFor([seed, target.name, i])))
    const start = performance.now()
    try {
      target.read(path)
      accepted++
    } catch (error) {
      if (!(error instanceof TaskvecError))
        throw new Error(`${target.name}, seed ${seed}, case ${i}: not a named refusal`, { cause: error })
      refused[error.code] = (refused[error.code] ?? 0) + 1
    }
    const ms = performance.now() - start
    if (ms > slowest.ms) slowest = { ms, case: i }
  }
  return { target: target.name, cases, accepted, refused, slowest }
}

function weights(
  name: string,
  file: string,
  good: Buffer,
  parse: (file: BoundedFile) => FileTensors,
): Target {
  const header = name === 'safetensors' ? 8 + Number(good.readBigUInt64LE(0)) : good.length
  const read = (path: string) =>
    withFile(path, (file) => {
      const { tensors, unread } = parse(file)
      const reader = tensorReader(
        path,
        new Map(tensors.map((tensor) => [tensor.name, tensor])),
        new Map(unread),
        new Map([[path, file]]),
      )
      for (const tensor of tensors) reader.read(tensor.name)
    })
  return { name, file, good, header, read }
}

function json(file: string, good: Buffer, read: (path: string) => void): Target {
  return { name: file, file, good, header: good.length, read }
}

function withFile(path: string, use: (file: BoundedFile) => void): void {
  const file = new BoundedFile(path)
  try {
    use(file)
  } finally {
    file.close()
  }
}

/** With a few tensors of the architecture, and what keys its config is made of. */
function smallGguf(architecture = 'llama'): Buffer {
  const { outer, block } = ggufArchitectures[architecture] as GgufArchitecture
  const parts = Object.keys(block).filter((part) =>
    /attn_q|attn_k|ffn_up|exps|attn_qkv|sinks|probs|_inp/.test(part),
  )
  const named = [...Object.keys(outer), ...parts.map((part) => `blk.0.${part}`)]
  const names = named.map((name) => (/\.(weight|bias)$/.test(name) ? name : `${name}.weight`))
  const further = ['expert_count', 'expert_used_count', 'attention.kv_lora_rank', 'attention.sliding_window']
  return ggufBytes({
    metadata: [
      ['general.architecture', string(architecture)],
      [`${architecture}.embedding_length`, u32(4)],
      [`${architecture}.block_count`, u32(1)],
      [`${architecture}.feed_forward_length`, u32(4)],
      [`${architecture}.attention.head_count`, u32(1)],
      [`${architecture}.attention.layer_norm_rms_epsilon`, f32(1e-5)],
      [`${architecture}.context_length`, u32(32)],
      ...(architecture === 'llama' ? [] : further).map((key) => [`${architecture}.${key}`, u32(1)] as const),
      [`${architecture}.rope.dimension_count`, u32(architecture === 'deepseek2' ? 2 : 4)],
      ['tokenizer.ggml.model', string('gpt2')],
      ['tokenizer.ggml.pre', string('gpt-2')],
      ['tokenizer.ggml.tokens', [9, ['a', 'b', 'ab', '<s>'], 8]],
      ['tokenizer.ggml.merges', [9, ['a b'], 8]],
      ['tokenizer.ggml.token_type', [9, [1, 1, 1, 3], 4]],
      ['tokenizer.ggml.bos_token_id', u32(3)],
    ],
    tensors: names.map((name) => ({
      name,
      dims: name.includes('_exps') ? [4, 4, 1] : [4, name.includes('qkv') ? 12 : 4],
      type: 0,
      offset: 0,
    })),
    data: Buffer.alloc(192),
  })
}
