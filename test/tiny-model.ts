import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'

/**
 * Writes a LLaMA of some thousand random weights, with a tokenizer of one token a byte, as a Hugging Face folder: real
 * files for tests of what happens around a model. It loads in a moment and answers nonsense, the same every time. `twins`: tokens
 * 2i and 2i + 1 have the same logit.
 */
export function makeTinyModel(
  folder: string,
  { blocks = 6, dModel = 32, seed = 1, twins = false } = {},
): string {
  mkdirSync(folder, { recursive: true })
  const vocab = 257
  const config = {
    model_type: 'llama',
    hidden_size: dModel,
    num_hidden_layers: blocks,
    intermediate_size: 2 * dModel,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    max_position_embeddings: 512,
    vocab_size: vocab,
    tie_word_embeddings: false,
    hidden_act: 'silu',
  }
  const shapes: [string, number[]][] = [['model.embed_tokens.weight', [vocab, dModel]]]
  for (let layer = 0; layer < blocks; layer++) {
    const of = (name: string) => `model.layers.${layer}.${name}.weight`
    shapes.push(
      [of('input_layernorm'), [dModel]],
      [of('self_attn.q_proj'), [dModel, dModel]],
      [of('self_attn.k_proj'), [dModel / 2, dModel]],
      [of('self_attn.v_proj'), [dModel / 2, dModel]],
      [of('self_attn.o_proj'), [dModel, dModel]],
      [of('post_attention_layernorm'), [dModel]],
      [of('mlp.gate_proj'), [2 * dModel, dModel]],
      [of('mlp.up_proj'), [2 * dModel, dModel]],
      [of('mlp.down_proj'), [dModel, 2 * dModel]],
    )
  }
  shapes.push(['model.norm.weight', [dModel]], ['lm_head.weight', [vocab, dModel]])
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(byteTokenizer()))
  writeFileSync(join(folder, 'model.safetensors'), safetensors(shapes, seed, twins))
  return folder
}

function safetensors(shapes: readonly [string, readonly number[]][], seed: number, twins: boolean): Buffer {
  const random = xoroshiro128plus(seed)
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let offset = 0
  for (const [name, shape] of shapes) {
    const size = shape.reduce((a, b) => a * b, 1)
    const values = Float32Array.from({ length: size }, () =>
      name.includes('norm') ? 1 : uniformInt(random, -1000, 1000) / 2500,
    )
    if (twins && name === 'lm_head.weight') {
      const width = shape[1] as number
      for (let row = 0; row + 1 < (shape[0] as number); row += 2)
        values.copyWithin((row + 1) * width, row * width, (row + 1) * width)
    }
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + 4 * size] }
    offset += 4 * size
    parts.push(Buffer.from(values.buffer))
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, ...parts])
}

/** Byte-level BPE without merges: GPT-2's printable stand-in for each of the 256 bytes, and one special token. */
function byteTokenizer() {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let shifted = 256
  const letters = Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(printable(byte) ? byte : shifted++),
  )
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  return {
    version: '1.0',
    added_tokens: [
      {
        id: 256,
        content: '<end>',
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      vocab: { ...Object.fromEntries(letters.map((letter, byte) => [letter, byte])), '<end>': 256 },
      merges: [],
    },
  }
}
