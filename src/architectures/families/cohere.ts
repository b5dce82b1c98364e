import { z } from 'zod'
import { family, flag, positive, size, windowField } from '../config.js'
import type { NormSpec } from '../decoder.js'
import { everyNth, layerTypesField } from '../layer-kinds.js'
import type { Changes } from '../layer-parts.js'
import { layerNorm } from '../parts.js'
import { decoder, standardFields } from '../standard.js'

const fields = {
  ...standardFields,
  layer_norm_eps: positive.default(1e-5),
  max_position_embeddings: size.default(8192),
  tie_word_embeddings: flag.default(true),
  logit_scale: z.number().default(0.0625),
  attention_bias: flag.default(false),
}

/** A parallel residual after one LayerNorm without bias, interleaved rotary embedding, scaled logits. */
function shared(c: { layer_norm_eps: number; logit_scale: number }, theta?: number): Changes {
  return {
    norm: layerNorm(c.layer_norm_eps, { bias: false }),
    parallel: true,
    norms: ({ norm }) => ({ beforeAttention: norm('input_layernorm'), beforeMlp: 'shared' }),
    rotary: { ...(theta && { theta }), interleaved: true },
    unembedding: { scale: c.logit_scale },
  }
}

/** Command R. */
export const cohere = family({
  name: 'cohere',
  examples: ['CohereLabs/c4ai-command-r-v01', 'CohereLabs/aya-expanse-8b'],
  special:
    'parallel residual after one norm; interleaved rotary embedding; scaled logits; norms of queries and keys of each head',
  fields: { ...fields, use_qk_norm: flag.default(false) },
  describe: (c) =>
    decoder(c, {
      ...shared(c, 500000),
      attention: ({ tensor, norm }, { heads, keyValueHeads, dHead }) => {
        if (!c.use_qk_norm) return {}
        const ofHeads = (name: string, count: number): NormSpec => ({
          ...norm(`self_attn.${name}`, dHead),
          weight: tensor(`self_attn.${name}.weight`, count, dHead),
        })
        return { queryNorm: ofHeads('q_norm', heads), keyNorm: ofHeads('k_norm', keyValueHeads) }
      },
    }),
})

/** Command R7B: three layers with a window to one with full attention and no rotation. */
export const cohere2 = family({
  name: 'cohere2',
  examples: ['CohereLabs/c4ai-command-r7b-12-2024'],
  special: 'as cohere, with windows in three layers of four and no rotation in the fourth',
  fields: {
    ...fields,
    sliding_window: windowField.default(4096),
    sliding_window_pattern: size.default(4),
    layer_types: layerTypesField,
  },
  describe: (c) =>
    decoder(c, {
      ...shared(c),
      sliding: everyNth(c.sliding_window_pattern),
      attention: (_, { window, rotary }) => ({ rotary: window === null ? null : rotary }),
    }),
})
