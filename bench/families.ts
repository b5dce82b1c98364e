/**
 * GFLOP/s of the wavefront by family, at equal sizes: `npx tsx bench/families.ts [FAMILY ...]`. Each is a random model of the golden
 * config's options with the sizes below, run in turns with LLaMA. One line each: GFLOP/s of processor time and its ratio to LLaMA's
 * of the same turn, medians of nine turns.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeDecoder } from '../src/architectures/catalog.js'
import { expectedTensors } from '../src/architectures/decoder-sizes.js'
import type { Engine } from '../src/engine/engine.js'
import { loadEngine } from '../src/engine/local-engine.js'
import { familyConfig, familyModels, makeFamilyModel } from '../test/golden/families.js'

const rounds = 9
const vocab = 2048

/** By the names that configs have for them. */
const sizes: readonly (readonly [readonly string[], number])[] = [
  [['hidden_size', 'n_embd', 'd_model', 'n_embed', 'word_embed_proj_dim'], 1024],
  [['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'], 2],
  [['num_attention_heads', 'n_head', 'n_heads', 'num_heads'], 16],
  [['num_key_value_heads', 'num_kv_heads', 'n_head_kv'], 16],
  [['head_dim', 'rotary_dim', 'v_head_dim'], 64],
  [['qk_nope_head_dim', 'qk_rope_head_dim'], 32],
  [['q_lora_rank', 'kv_lora_rank'], 256],
  [['intermediate_size', 'n_inner', 'ffn_dim', 'ffn_hidden_size', 'intermediate_size_mlp'], 4096],
  [['moe_intermediate_size', 'shared_expert_intermediate_size'], 1024],
  [['vocab_size'], vocab],
]
/** Lists by layer or by frequency do not fit other sizes. */
const left = [
  'layer_types',
  'sliding_window_pattern',
  'rope_scaling',
  'rope_parameters',
  'no_rope_layers',
  'mlp_only_layers',
]

const folder = mkdtempSync(join(tmpdir(), 'taskvec-bench-'))
const wanted = process.argv.slice(2)
const names = familyModels.filter(
  (name) => name.endsWith('-1') && (wanted.length === 0 || wanted.includes(name.slice(0, -2))),
)

const llama = await made('llama-1')
for (const name of names) {
  try {
    const engine = await made(name)
    const [ours, theirs] = [[] as number[], [] as number[]]
    for (let round = 0; round <= rounds; round++) {
      const rates = [await rate(engine), await rate(llama)] as const
      // The first is a warm-up.
      if (round > 0) for (const [i, list] of [ours, theirs].entries()) list.push(rates[i] as number)
    }
    await engine.close()
    const share = median(ours.map((own, i) => own / (theirs[i] as number)))
    console.log(`${name.slice(0, -2).padEnd(18)} ${median(ours).toFixed(1).padStart(6)}  ${share.toFixed(2)}`)
  } catch (error) {
    console.log(`${name.slice(0, -2).padEnd(18)} ${String(error).split('\n').slice(0, 3).join(' ')}`)
  }
}
await llama.close()
rmSync(folder, { recursive: true, force: true })

async function made(name: string): Promise<Engine> {
  const config: Record<string, unknown> = { ...familyConfig(name) }
  for (const [keys, size] of sizes) for (const key of keys) if (config[key] != null) config[key] = size
  for (const key of left) delete config[key]
  const tensors = expectedTensors(describeDecoder(config, name))
  const into = join(folder, name)
  makeFamilyModel(name, into)
  writeFileSync(join(into, 'config.json'), JSON.stringify(config))
  writeFileSync(join(into, 'model.safetensors'), safetensors(tensors))
  return loadEngine(into)
}

function safetensors(tensors: ReadonlyMap<string, readonly number[]>): Buffer {
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let offset = 0
  for (const [name, shape] of tensors) {
    const count = shape.reduce((a, b) => a * b, 1)
    const scale = 1 / Math.sqrt(shape.at(-1) as number)
    const values = new Float32Array(count)
    if (shape.length < 2) values.fill(name.endsWith('bias') ? 0 : 1)
    else for (let i = 0; i < count; i++) values[i] = scale * (((i * 2654435761) % 2048) / 1024 - 1)
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] }
    offset += values.byteLength
    parts.push(Buffer.from(values.buffer))
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, ...parts])
}

/** GFLOP per second of processor time. */
async function rate(engine: Engine): Promise<number> {
  const prompt = (length: number, seed: number) =>
    Array.from({ length }, (_, i) => (seed * 31 + i * 7) % vocab)
  const items = Array.from({ length: 8 }, (_, i) => ({
    thetaPrompts: [prompt(50, i), prompt(50, i + 100)],
    patchedPrompt: prompt(5, i + 200),
    plainPrompts: [],
    answerToken: 1,
  }))
  const before = process.cpuUsage()
  const { flops = 0 } = await engine.evaluate({ items, layers: [0, 1], thetas: 'mean' })
  const { user, system } = process.cpuUsage(before)
  return flops / ((user + system) / 1e6) / 1e9
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] as number
}
