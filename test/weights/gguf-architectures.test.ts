import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeDecoder, identify } from '../../src/architectures/catalog.js'
import { BlockSessions } from '../../src/engine/block-sessions.js'
import { forward } from '../../src/engine/reference-pass.js'
import { ggufCheckpoint } from '../../src/weights/gguf-checkpoint.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { familyConfig, familyGolden, makeFamilyModel } from '../golden/families.js'
import { largestDifference } from '../golden/read.js'
import { f32, ggufBytes, string, u32, type Field } from './file-bytes.js'

/** The names that llama.cpp's `gguf` package gives to tensors; written by make_gguf_names.py. Null: its conversion makes others. */
const file = new URL('../golden/gguf-names.json', import.meta.url)
const golden = JSON.parse(readFileSync(file, 'utf8')) as Record<
  string,
  { model: string; names: Record<string, string | null> }
>

const yarn = { 'rope.scaling.type': 'yarn', 'rope.scaling.original_context_length': 40 } as const
const latent = {
  ...yarn,
  'attention.kv_lora_rank': 10,
  'attention.key_length': 10,
  'attention.value_length': 8,
  'rope.dimension_count': 4,
  'rope.scaling.factor': [40],
  expert_feed_forward_length: 8,
  expert_shared_count: 2,
  leading_dense_block_count: 1,
} as const

/** Mixtral's files say "llama". */
const inFile = (architecture: string) => (architecture === 'mixtral' ? 'llama' : architecture)

describe.each(Object.keys(golden))('%s', (architecture) => {
  it('has the names that the gguf package has', () => {
    const names = Object.entries(golden[architecture]?.names ?? {}).flatMap(([ours, theirs]) =>
      theirs?.match(/\.(weight|bias)$/) ? [[ours, theirs] as const] : [],
    )
    const metadata = new Map<string, string | number>([['general.architecture', inFile(architecture)]])
    for (const [key, value] of [
      ['block_count', 2],
      ['attention.head_count', 1],
      ['embedding_length', 4],
      ['attention.layer_norm_rms_epsilon', 1e-5],
    ] as const)
      metadata.set(`${inFile(architecture)}.${key}`, value)
    const tensors = [...new Set(names.map(([, theirs]) => theirs))].map((name) => {
      const shape = name.includes('_exps') ? [1, 4, 4] : [4, 4]
      return { name, shape, type: 'F32' as const, file: '', offset: 0, byteLength: 64 }
    })
    const checkpoint = ggufCheckpoint('', { metadata, tensors }, () => new Float32Array())
    expect([...checkpoint.tensors.keys()].sort()).toEqual(expect.arrayContaining(names.map(([ours]) => ours)))
  })
})

it('refuses a count of blocks that the file cannot have, without counting to it', () => {
  const metadata = new Map<string, string | number>([
    ['general.architecture', 'qwen2moe'],
    ['qwen2moe.block_count', 2 ** 32 - 1],
    ['qwen2moe.attention.head_count', 1],
    ['qwen2moe.embedding_length', 4],
  ])
  const { config } = ggufCheckpoint('', { metadata, tensors: [] }, () => new Float32Array())
  expect(() => describeDecoder(config, '')).toThrow(/num_hidden_layers/)
})

describe('a mixture of experts', () => {
  let scratch: string
  beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), 'taskvec-gguf-'))))
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it.each([
    ['mixtral', 'mixtral-1', {}],
    ['qwen2moe', 'qwen2_moe-1', { expert_feed_forward_length: 12, expert_shared_feed_forward_length: 20 }],
    ['qwen3moe', 'qwen3_moe-1', { expert_feed_forward_length: 12 }],
    ['olmoe', 'olmoe-1', {}],
    ['deepseek2', 'deepseek_v2-1', { ...latent, 'rope.scaling.yarn_log_multiplier': [0.0707] }],
    [
      'deepseek2',
      'deepseek_v3-1',
      {
        ...latent,
        'attention.q_lora_rank': 12,
        expert_shared_count: 1,
        expert_gating_func: 2,
        expert_group_count: 3,
        expert_group_used_count: 2,
        expert_weights_scale: [2.5],
        expert_weights_norm: true,
        'rope.scaling.yarn_log_multiplier': [0.1],
      },
    ],
    [
      'granitemoe',
      'granitemoe-1',
      { embedding_scale: [12], logit_scale: [6], residual_scale: [0.22], 'attention.scale': [0.1] },
    ],
    [
      'phimoe',
      'phimoe-1',
      { 'attention.sliding_window': 200, expert_used_count: 2, 'rope.freq_base': [1e6] },
    ],
    ['gpt-oss', 'gpt_oss-1', { 'attention.sliding_window': 9, 'rope.scaling.factor': [32], ...yarn }],
  ] as const)('%s: %s computes from GGUF what transformers computes', async (architecture, model, keys) => {
    const path = join(scratch, `${model}.gguf`)
    await writeGguf(path, architecture, model, keys)
    await expectGolden(path, model)
  })

  it('deepseek2 with keys and values of the latent apart, as conversions since 2025 have them', async () => {
    const path = join(scratch, 'deepseek2-split.gguf')
    await writeGguf(path, 'deepseek2', 'deepseek_v2-1', {
      ...latent,
      'attention.head_count_kv': 1,
      'attention.key_length': 14,
      'attention.value_length': 10,
      'attention.key_length_mla': 10,
      'attention.value_length_mla': 8,
      'rope.scaling.yarn_log_multiplier': [0.0707],
    })
    await expectGolden(path, 'deepseek_v2-1')
  })

  async function expectGolden(path: string, model: string): Promise<void> {
    const { decoder, checkpoint } = identify(await openCheckpoint(path))
    const sessions = await BlockSessions.load(checkpoint, decoder, 'held')
    for (const { tokens, states } of familyGolden(model).prompts.slice(0, 3)) {
      const { lastStates } = await forward(sessions, tokens)
      states.forEach((state, layer) =>
        expect([layer, largestDifference(lastStates[layer] ?? [], state) < 1e-4]).toEqual([layer, true]),
      )
    }
    checkpoint.close()
  }

  /** As llama.cpp's conversion: its names, experts stacked, gpt-oss' products turned and apart, LLaMA's rotary pairs side by side. */
  async function writeGguf(path: string, architecture: string, model: string, keys: Keys): Promise<void> {
    const source = await openCheckpoint(makeFamilyModel(model, join(scratch, model)))
    const stacks = new Map<string, { shape: number[]; values: number[][] }>()
    const put = (name: string, shape: readonly number[], values: Float32Array) => {
      const known = stacks.get(name)
      if (known) known.values.push(Array.from(values))
      else stacks.set(name, { shape: [...shape], values: [Array.from(values)] })
    }
    for (const [name, { shape }] of source.tensors) {
      const values = source.read(name)
      const product = /^(.*\.\d+\.mlp\.experts)\.(gate_up|down)_proj(_bias)?$/.exec(name)
      const layer = /layers\.(\d+)\./.exec(name)?.[1] ?? ''
      if (product) putProduct(put, product, shape, values)
      else if (name.endsWith('input_linear.weight')) putGateUp(put, layer, shape, values)
      else if (name.endsWith('kv_b_proj.weight') && keys['attention.key_length_mla'] !== undefined)
        putLatentParts(put, layer, shape, values)
      else put(ggufName(architecture, name), shape, paired(architecture, name, shape, values))
    }
    source.close()
    const tensors = []
    const data: Buffer[] = []
    let offset = 0
    for (const [name, { shape, values }] of stacks) {
      const dims =
        name.includes('_exps') && shape.length === 2 && values.length > 1 ? [values.length, ...shape] : shape
      const bytes = Buffer.from(Float32Array.from(values.flat()).buffer)
      tensors.push({ name, dims: dims.toReversed(), type: 0, offset })
      const padding = Buffer.alloc((32 - (bytes.length % 32)) % 32)
      data.push(bytes, padding)
      offset += bytes.length + padding.length
    }
    const c = familyConfig(model) as Record<string, number>
    const all: Keys = {
      block_count: c['num_hidden_layers'] as number,
      embedding_length: c['hidden_size'] as number,
      feed_forward_length: c['intermediate_size'] as number,
      context_length: c['max_position_embeddings'] as number,
      'attention.head_count': c['num_attention_heads'] as number,
      'attention.head_count_kv': c['num_key_value_heads'] as number,
      ...(c['head_dim']
        ? { 'attention.key_length': c['head_dim'], 'attention.value_length': c['head_dim'] }
        : {}),
      'attention.layer_norm_rms_epsilon': [model.startsWith('q') || model.startsWith('d') ? 1e-6 : 1e-5],
      ...(c['rope_theta'] ? { 'rope.freq_base': [c['rope_theta']] } : {}),
      expert_count: (c['num_experts'] ?? c['num_local_experts'] ?? c['n_routed_experts']) as number,
      expert_used_count: c['num_experts_per_tok'] as number,
      ...keys,
    }
    const metadata = Object.entries(all).map(
      ([key, value]) => [`${inFile(architecture)}.${key}`, field(value)] as const,
    )
    const general = [['general.architecture', string(inFile(architecture))] as const, ...metadata]
    writeFileSync(path, ggufBytes({ metadata: general, tensors, data: Buffer.concat(data) }))
  }
})

type Keys = Readonly<Record<string, number | string | boolean | readonly [number]>>

/** A list of one number is an f32. */
function field(value: Keys[string]): Field {
  if (typeof value === 'string') return string(value)
  if (typeof value === 'boolean') return [7, value ? 1 : 0]
  return typeof value === 'number' ? u32(value) : f32(value[0])
}

function ggufName(architecture: string, name: string): string {
  const first = name.replace(/\.experts\.\d+\./, '.experts.0.')
  const { names = {} } = golden[architecture] ?? {}
  for (const block of ['0', '1']) {
    const known = names[first.replace(/(layers)\.\d+\./, `$1.${block}.`)]
    const [, layer = ''] = /layers\.(\d+)\./.exec(name) ?? []
    if (known)
      return known.replace(/^blk\.\d+\./, `blk.${layer}.`).replace(/attn_sinks$/, 'attn_sinks.weight')
  }
  if (name.endsWith('self_attn.q_proj.weight'))
    return `blk.${/layers\.(\d+)\./.exec(name)?.[1]}.attn_q.weight`
  throw new Error(`no name for ${name}`)
}

function putProduct(
  put: (name: string, shape: readonly number[], values: Float32Array) => void,
  [, prefix = '', part, bias]: RegExpExecArray,
  shape: readonly number[],
  values: Float32Array,
): void {
  const layer = /\.(\d+)\./.exec(prefix)?.[1]
  const name = (of: string) => `blk.${layer}.ffn_${of}_exps.${bias ? 'bias' : 'weight'}`
  const [experts = 0, inputs = 1, columns = inputs] = bias ? [shape[0], 1, shape[1]] : shape
  /** `[experts, columns / step, inputs]` of every `step`-th column. */
  const taken = (first: number, step: number) => {
    const out: number[] = []
    for (let expert = 0; expert < experts; expert++)
      for (let column = first; column < columns; column += step)
        for (let input = 0; input < inputs; input++)
          out.push(values[(expert * inputs + input) * columns + column] as number)
    return Float32Array.from(out)
  }
  const dims = (width: number) => (bias ? [experts, width] : [experts, width, inputs])
  if (part === 'down') return put(name('down'), dims(columns), taken(0, 1))
  put(name('gate'), dims(columns / 2), taken(0, 2))
  put(name('up'), dims(columns / 2), taken(1, 2))
}

/** Granite's stack of gate and up, `[experts, 2 width, inputs]`, as two. */
function putGateUp(
  put: (name: string, shape: readonly number[], values: Float32Array) => void,
  layer: string,
  [experts = 0, rows = 0, inputs = 0]: readonly number[],
  values: Float32Array,
): void {
  const half = (rows / 2) * inputs
  for (const [i, part] of ['gate', 'up'].entries())
    put(
      `blk.${layer}.ffn_${part}_exps.weight`,
      [experts, rows / 2, inputs],
      Float32Array.from({ length: experts * half }, (_, at) => {
        return values[(2 * Math.floor(at / half) + i) * half + (at % half)] as number
      }),
    )
}

/** deepseek_v2-1's kv_b_proj: 4 heads of keys of 6 and values of 8; keys are turned. */
function putLatentParts(
  put: (name: string, shape: readonly number[], values: Float32Array) => void,
  layer: string,
  [rows = 0, latentWidth = 0]: readonly number[],
  values: Float32Array,
): void {
  const [heads, ofKey, ofValue] = [4, 6, 8]
  expect(rows).toBe(heads * (ofKey + ofValue))
  const [k, v] = [[] as number[], [] as number[]]
  for (let head = 0; head < heads; head++) {
    const at = (row: number, column: number) =>
      values[(head * (ofKey + ofValue) + row) * latentWidth + column] as number
    for (let column = 0; column < latentWidth; column++)
      for (let row = 0; row < ofKey; row++) k.push(at(row, column))
    for (let row = 0; row < ofValue; row++)
      for (let column = 0; column < latentWidth; column++) v.push(at(ofKey + row, column))
  }
  put(`blk.${layer}.attn_k_b.weight`, [heads, latentWidth, ofKey], Float32Array.from(k))
  put(`blk.${layer}.attn_v_b.weight`, [heads, ofValue, latentWidth], Float32Array.from(v))
}

function paired(
  architecture: string,
  name: string,
  [rows = 0, columns = 0]: readonly number[],
  values: Float32Array,
): Float32Array {
  if (!['mixtral', 'granitemoe'].includes(architecture) || !/self_attn\.(q|k)_proj/.test(name)) return values
  const width = 4
  const out = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    const [head, within] = [row - (row % width), row % width]
    const stored = head + 2 * (within % (width / 2)) + Math.floor(within / (width / 2))
    out.set(values.subarray(row * columns, (row + 1) * columns), stored * columns)
  }
  return out
}
