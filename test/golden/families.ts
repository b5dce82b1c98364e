import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TinyGolden } from './read.js'

/** Tiny models of every family, and what transformers computes on them; written by make_families.py beside this file. */
const folder = fileURLToPath(new URL('families', import.meta.url))

const vocab = 48

interface FamilyGolden {
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: Readonly<Record<string, readonly number[]>>
  readonly scalars: Readonly<Record<string, number>>
  readonly prompts: readonly (Omit<TinyGolden['prompts'][number], 'tokens'> & { readonly length: number })[]
}

/** Their names: `model_type-1`, `model_type-2`, .. */
export const familyModels = readdirSync(folder)
  .map((file) => file.replace('.json', ''))
  .sort()

export function familyConfig(name: string): FamilyGolden['config'] {
  return read(name).config
}

export function familyGolden(name: string): TinyGolden {
  const prompts = read(name).prompts.map(({ length, ...expected }) => ({
    tokens: [...random(`${name}/${length}`, length)].map((value) => value % vocab),
    ...expected,
  }))
  return { prompts }
}

/** Writes the model as a Hugging Face folder. */
export function makeFamilyModel(name: string, into: string, { config: change = {}, rename = (tensor: string) => tensor, damage = () => false }: { config?: object; rename?: (tensor: string) => string; damage?: (tensor: string) => boolean } = {}): string {
  const { config, tensors, scalars } = read(name)
  mkdirSync(into, { recursive: true })
  writeFileSync(join(into, 'config.json'), JSON.stringify({ ...config, ...change }))
  writeFileSync(join(into, 'tokenizer.json'), JSON.stringify(wordTokenizer()))
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let offset = 0
  for (const [tensor, shape] of Object.entries(tensors)) {
    const scalar = scalars[tensor]
    const values = scalar === undefined ? valuesOf(`${name}/${tensor}`, shape) : Float32Array.of(scalar)
    if (damage(tensor)) values.fill(NaN)
    header[rename(tensor)] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] }
    offset += values.byteLength
    parts.push(Buffer.from(values.buffer))
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  writeFileSync(join(into, 'model.safetensors'), Buffer.concat([length, json, ...parts]))
  return into
}

function read(name: string): FamilyGolden {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FamilyGolden
}

/** Norms around 1, all else around 0, even in distribution. */
function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const around = shape.length === 1 && name.endsWith('.weight') ? 1 : 0
  const count = shape.reduce((a, b) => a * b, 1)
  return Float32Array.from(random(name, count), (value) => around + 0.4 * (value / 2 ** 31 - 1))
}

/** Whole numbers below 2^32: a hash (lowbias32) of the name's hash (FNV-1a) and of their place. */
function random(name: string, count: number): Uint32Array {
  let seed = 0x811c9dc5
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193) >>> 0
  return Uint32Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b9) + seed) >>> 0
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0
    return (x ^ (x >>> 15)) >>> 0
  })
}

/** Words t0 .. t47, whatever stands between them being one word, t1. */
export function wordTokenizer() {
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: 't[0-9]+' }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(Array.from({ length: vocab }, (_, i) => [`t${i}`, i])),
      unk_token: 't1',
    },
  }
}
