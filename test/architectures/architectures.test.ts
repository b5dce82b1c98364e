import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/reference-pass.js'
import { largestDifference, tinyFolder, tinyGolden, tinyModels } from '../golden/read.js'

const tolerance = 1e-4

let scratch: string
beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), 'taskvec-architectures-'))))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.each(tinyModels)('%s, against transformers (test/golden/make_tiny.py)', (name) => {
  it('computes the same residual stream after every block, and the same logits', async () => {
    const engine = await loadEngine(tinyFolder(name))
    for (const { tokens, states, logits } of tinyGolden(name).prompts) {
      const { lastStates } = await forward(engine.sessions, tokens)
      expect(lastStates).toHaveLength(states.length)
      states.forEach((state, layer) =>
        expect(largestDifference(lastStates[layer] ?? [], state)).toBeLessThan(tolerance),
      )
      expect(largestDifference(await engine.logits(tokens), logits)).toBeLessThan(tolerance)
    }
    await engine.close()
  })
})

describe.each(tinyModels)('%s, in one batch', (name) => {
  it('captures the same residual streams as one prompt at a time', async () => {
    const engine = await loadEngine(tinyFolder(name))
    const { prompts } = tinyGolden(name)
    const { blocks, dModel } = engine.sessions.decoder
    const items = prompts.map(({ tokens }) => ({
      thetaPrompts: [tokens],
      patchedPrompt: tokens.slice(0, 2),
      plainPrompts: [],
      answerToken: 1,
    }))
    const layers = Array.from({ length: blocks }, (_, layer) => layer)
    const { thetas } = await engine.evaluate({ items, layers, thetas: 'each' })
    const expected = prompts.flatMap(({ states }) => states.flat())
    expect(expected).toHaveLength(prompts.length * blocks * dModel)
    expect(largestDifference(thetas ?? [], expected)).toBeLessThan(tolerance)
    await engine.close()
  })
})

describe.each([
  ['gpt2', 'transformer.', ['h.0.attn.bias', 'h.0.attn.masked_bias']],
  ['gptj', 'transformer.', ['h.0.attn.bias', 'h.0.attn.masked_bias']],
  ['neox-parallel', 'gpt_neox.', ['layers.0.attention.bias', 'layers.0.attention.rotary_emb.inv_freq']],
  ['gqa-tied', 'model.', ['layers.0.self_attn.rotary_emb.inv_freq']],
])('%s as older repositories store it', (name, prefix, buffers) => {
  it.each([
    ['with its prefix', true],
    ['without its prefix', false],
  ])('%s, buffers of masks and frequencies beside the weights: the same logits', async (_, prefixed) => {
    const folder = changed({}, name)
    storeAgain(
      folder,
      prefixed ? '' : prefix,
      buffers.map((buffer) => (prefixed ? prefix : '') + buffer),
    )
    const [original, stored] = [await loadEngine(tinyFolder(name)), await loadEngine(folder)]
    const tokens = tinyGolden(name).prompts[2]?.tokens ?? []
    expect(await stored.logits(tokens)).toEqual(await original.logits(tokens))
  })
})

it('LongRoPE and dynamic scaling run up to the context for which their frequencies are fixed', async () => {
  const positions = async (change: object) =>
    (await loadEngine(changed({ ...change }))).sessions.decoder.maxPositions
  const longrope = { rope_type: 'longrope', short_factor: [1, 1, 1, 1], long_factor: [2, 2, 2, 2] }
  const rope_parameters = { ...longrope, original_max_position_embeddings: 100 }
  expect(await positions({ rope_parameters })).toBe(100)
  expect(await positions({ rope_parameters: longrope, original_max_position_embeddings: 90 })).toBe(90)
  expect(await positions({ rope_parameters: { rope_type: 'dynamic', factor: 2 } })).toBe(320)
})

describe('a config that would change the computation is refused by name', () => {
  it.each([
    [
      { model_type: 'lama' },
      /model_type "lama" cannot be run; did you mean "llama"\?; known: llama, gptj, gpt_neox/,
    ],
    [{ model_type: undefined }, /config.json names no model_type; known: llama, gptj, gpt_neox, gpt2/],
    [{ hidden_act: 'prelu' }, /hidden_act/],
    [{ num_hidden_layers: 1.5 }, /cannot be run as llama:\nnum_hidden_layers: must be a whole number$/],
    [{ attention_bias: 1 }, /attention_bias/],
    [
      { rope_parameters: { rope_type: 'mrope' } },
      /rope scaling "mrope" is not supported; known: default, linear, dynamic, yarn, longrope, su, llama3/,
    ],
    [{ rope_parameters: { rope_type: 'constructor' } }, /rope scaling "constructor" is not supported/],
    [{ rope_parameters: { rope_type: 'longrope' } }, /rope scaling needs "short_factor"/],
    [
      { rope_parameters: { rope_type: 'longrope', short_factor: [1] } },
      /short_factor has 1 entries, expected 4/,
    ],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0\.5/],
    [{ rope_parameters: { partial_rotary_factor: 0.25 } }, /partial_rotary_factor is 0\.25/],
    [{ rope_parameters: { rope_type: 'linear' } }, /rope scaling needs "factor"/],
    [{ rope_parameters: null, rope_scaling: { type: 'linear' } }, /rope scaling needs "factor"/],
    [{ num_attention_heads: 5, head_dim: null }, /5 heads, .* do not divide evenly/],
    [{ num_attention_heads: 4, num_key_value_heads: 3 }, /3 key-value heads .* do not divide evenly/],
    [{ hidden_size: '32' }, /hidden_size/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers/],
  ])('%j', async (change, message) => {
    await expect(loadEngine(changed(change))).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('so is one of another architecture', () => {
  it.each([
    ['gpt2', { activation_function: 'prelu' }, /as gpt2:[^]*activation_function/],
    ['gpt2', { n_head: 5 }, /n_embd 32|5 heads/],
    ['gptj', { activation_function: 'prelu' }, /as gptj:[^]*activation_function/],
    ['gptj', { rotary_dim: 18 }, /rotary_dim 18 do not fit together/],
    ['neox-sequential', { hidden_act: 'prelu' }, /as gpt_neox:[^]*hidden_act/],
    ['neox-sequential', { num_attention_heads: 5 }, /does not divide into 5 heads/],
    ['neox-sequential', { rope_parameters: { rope_type: 'mrope' } }, /rope scaling "mrope"/],
  ])('%s: %j', async (name, change, message) => {
    await expect(loadEngine(changed(change, name))).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('tensors that do not fit the config are named', () => {
  it.each([
    [{ num_hidden_layers: 4 }, /missing +model\.layers\.3\.input_layernorm\.weight/],
    [{ intermediate_size: 60 }, /mlp\.gate_proj\.weight: \[56, 32\], expected \[60, 32\]/],
    [{ num_key_value_heads: 2 }, /self_attn\.k_proj\.weight: \[32, 32\], expected \[16, 32\]/],
  ])('%j', async (change, message) => {
    await expect(loadEngine(changed(change))).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: expect.stringMatching(message) as string,
    })
  })
})

let copies = 0

/** A copy of a tiny model with other values in its config. */
function changed(change: Record<string, unknown>, name = 'mha'): string {
  const folder = join(scratch, String(copies++))
  cpSync(tinyFolder(name), folder, { recursive: true })
  const file = join(folder, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ ...config, ...change }))
  return folder
}

/** Rewrites a folder's weights: `prefix` dropped from names, and further tensors, the first of booleans. */
function storeAgain(folder: string, prefix: string, buffers: readonly string[]): void {
  const file = join(folder, 'model.safetensors')
  const bytes = readFileSync(file)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, unknown>
  const names = Object.entries(header).map(([name, entry]): [string, unknown] => [
    name.startsWith(prefix) ? name.slice(prefix.length) : name,
    entry,
  ])
  const end = bytes.length - start
  const further = buffers.map((name, i): [string, unknown] => [
    name,
    { dtype: i === 0 ? 'BOOL' : 'U8', shape: [1, 1, 2, 2], data_offsets: [end + 4 * i, end + 4 * i + 4] },
  ])
  const text = Buffer.from(JSON.stringify(Object.fromEntries([...names, ...further])))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(
    file,
    Buffer.concat([length, text, bytes.subarray(start), Buffer.alloc(4 * buffers.length, 1)]),
  )
}
