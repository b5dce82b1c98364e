import { TaskvecError } from '../domain/errors.js'
import type { TensorInfo } from './checkpoint.js'
import type { GgufFile, GgufValue } from './gguf.js'

/** A GGUF of architecture `llama` seen as the Hugging Face checkpoint that it was converted from. */

const blockNames: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}
const outerNames: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
}

/** config.json's fields from the GGUF's metadata. Unknown architectures are refused by name. */
export function llamaConfig(path: string, gguf: GgufFile): Record<string, unknown> {
  const architecture = gguf.metadata.get('general.architecture')
  if (architecture !== 'llama') {
    throw new TaskvecError('MODEL', `${path}: GGUF architecture "${String(architecture)}"; known: llama`, {
      hint: 'Take the Hugging Face folder of the model instead.',
    })
  }
  refusePartialHeads(path, gguf)
  const has = (name: string) => gguf.tensors.some((tensor) => tensor.name === name)
  const read = (key: string) => sameInAllLayers(path, gguf, `llama.${key}`)
  return {
    model_type: 'llama',
    hidden_size: read('embedding_length'),
    num_hidden_layers: read('block_count'),
    intermediate_size: read('feed_forward_length'),
    num_attention_heads: read('attention.head_count'),
    num_key_value_heads: read('attention.head_count_kv') ?? read('attention.head_count'),
    ...(read('attention.key_length') === undefined ? {} : { head_dim: read('attention.key_length') }),
    rms_norm_eps: read('attention.layer_norm_rms_epsilon'),
    max_position_embeddings: read('context_length'),
    rope_theta: read('rope.freq_base') ?? 10000,
    rope_scaling: ropeScaling(path, gguf),
    vocab_size: gguf.tensors.find(({ name }) => name === 'token_embd.weight')?.shape[0],
    tie_word_embeddings: !has('output.weight'),
    hidden_act: 'silu',
    bos_token_id: gguf.metadata.get('tokenizer.ggml.bos_token_id') ?? null,
    eos_token_id: gguf.metadata.get('tokenizer.ggml.eos_token_id') ?? null,
  }
}

/** Tensors under their Hugging Face names. */
export function llamaTensors(path: string, gguf: GgufFile): Map<string, TensorInfo> {
  return new Map(gguf.tensors.map((tensor) => [huggingFaceName(path, tensor.name), tensor]))
}

/**
 * llama.cpp stores each head's q and k rows interleaved (rotary pairs side by side); Hugging Face stores the first
 * half of the pairs, then the second. Returns at which stored row Hugging Face's row lies, null where rows are as they
 * were. Throws WEIGHTS where heads do not fit.
 */
export function storedRow(
  { name, shape: [rows = 0] }: TensorInfo,
  config: Readonly<Record<string, unknown>>,
): ((row: number) => number) | null {
  const heads = /attn_([qk])\.weight$/.exec(name)
  if (!heads) return null
  const count = Number(config[heads[1] === 'q' ? 'num_attention_heads' : 'num_key_value_heads'])
  const dHead = rows / count
  if (!Number.isInteger(dHead / 2))
    throw new TaskvecError(
      'WEIGHTS',
      `${name}: ${rows} rows of queries or keys do not divide into ${count} heads of even width`,
    )
  return (row) => {
    const within = row % dHead // j d_head / 2 + i, stored at 2i + j
    return row - within + 2 * (within % (dHead / 2)) + Math.floor(within / (dHead / 2))
  }
}

function huggingFaceName(path: string, name: string): string {
  const outer = outerNames[name]
  if (outer) return outer
  const match = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name)
  const part = match && blockNames[match[2] as string]
  if (match && part) return `model.layers.${match[1]}.${part}.weight`
  throw new TaskvecError('MODEL', `${path}: tensor ${name} is not part of a known llama model`, {
    hint: 'Biases, frequency factors, experts and other additions cannot be run from GGUF; take the Hugging Face folder.',
  })
}

/** Some counts may be given by layer: a model whose layers differ in them cannot be run. Throws MODEL. */
function sameInAllLayers(path: string, { metadata }: GgufFile, key: string): GgufValue | undefined {
  const value = metadata.get(key)
  if (!Array.isArray(value)) return value
  const [first, ...rest] = value as readonly GgufValue[]
  if (first !== undefined && rest.every((other) => other === first)) return first
  throw new TaskvecError('MODEL', `${path}: ${key} differs by layer: [${value.join(', ')}]`, {
    hint: 'Such models cannot be run.',
  })
}

/** Rotary embedding over a part of each head, and values of another width than keys: not LLaMA as it is built here. */
function refusePartialHeads(path: string, gguf: GgufFile): void {
  const read = (key: string) => sameInAllLayers(path, gguf, `llama.${key}`)
  const dHead =
    read('attention.key_length') ?? Number(read('embedding_length')) / Number(read('attention.head_count'))
  for (const key of ['rope.dimension_count', 'attention.value_length']) {
    const value = read(key)
    if (value !== undefined && value !== dHead)
      throw new TaskvecError(
        'MODEL',
        `${path}: llama.${key} is ${String(value)}, but a head has ${String(dHead)}`,
      )
  }
}

function ropeScaling(path: string, gguf: GgufFile): Record<string, unknown> | null {
  const type = gguf.metadata.get('llama.rope.scaling.type')
  // The key of files made before August 2023's scaling.type.
  const older = gguf.metadata.get('llama.rope.scale_linear')
  if (type === undefined && older !== undefined) return { rope_type: 'linear', factor: older }
  if (type === undefined || type === 'none') return null
  if (type === 'linear')
    return { rope_type: 'linear', factor: gguf.metadata.get('llama.rope.scaling.factor') }
  throw new TaskvecError('MODEL', `${path}: rope scaling "${String(type)}" in a GGUF; known: none, linear`, {
    hint: 'Take the Hugging Face folder of the model instead.',
  })
}
