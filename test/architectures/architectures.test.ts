import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/plain.js'
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

describe('a config that would change the computation is refused by name', () => {
  it.each([
    [
      { model_type: 'lama' },
      /model_type "lama" cannot be run; did you mean "llama"\?; known: llama, gptj, gpt_neox/,
    ],
    [{ model_type: undefined }, /model_type undefined cannot be run; known: llama, gptj, gpt_neox, gpt2/],
    [{ hidden_act: 'mish' }, /hidden_act/],
    [{ attention_bias: 1 }, /attention_bias/],
    [{ rope_parameters: { rope_type: 'yarn', factor: 4 } }, /rope scaling "yarn" is not supported/],
    [{ rope_parameters: { rope_type: 'linear' } }, /rope scaling needs "factor"/],
    [{ rope_parameters: null, rope_scaling: { type: 'dynamic', factor: 2 } }, /rope scaling "dynamic"/],
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

/** A copy of the model `mha` with other values in its config. */
function changed(change: Record<string, unknown>): string {
  const folder = join(scratch, String(copies++))
  cpSync(tinyFolder('mha'), folder, { recursive: true })
  const file = join(folder, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ ...config, ...change }))
  return folder
}
