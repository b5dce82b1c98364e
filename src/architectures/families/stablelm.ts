import type { NormSpec } from '../decoder.js'
import { family, flag, positive, size } from '../config.js'
import { layerNorm } from '../parts.js'
import { decoder, standardFields } from '../standard.js'

/** StableLM 2 (arXiv 2402.17834): LayerNorm, rotary embedding over a quarter of each head, a parallel residual by config. */
export const stablelm = family({
  name: 'stablelm',
  examples: ['stabilityai/stablelm-2-1_6b', 'stabilityai/stablelm-3b-4e1t', 'stabilityai/stablelm-2-12b'],
  special:
    'LayerNorm; partial rotary embedding; in the 12B, a parallel residual and a separate norm for each head',
  fields: {
    ...standardFields,
    layer_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(4096),
    use_qkv_bias: flag.default(false),
    qk_layernorm: flag.default(false),
    use_parallel_residual: flag.default(false),
  },
  describe: (c) =>
    decoder(c, {
      norm: layerNorm(c.layer_norm_eps),
      parallel: c.use_parallel_residual,
      norms: ({ norm }) => ({
        beforeAttention: norm('input_layernorm'),
        beforeMlp: c.use_parallel_residual ? 'shared' : norm('post_attention_layernorm'),
      }),
      rotary: { partial: 0.25, odd: 'refused' },
      bias: { queryKeyValue: c.use_qkv_bias },
      attention: ({ tensor }, { heads, keyValueHeads, dHead }) => {
        if (!c.qk_layernorm) return {}
        /** A tensor for each head. */
        const ofEachHead = (name: string, count: number): NormSpec => ({
          ...layerNorm(c.layer_norm_eps, { bias: false })(name, dHead),
          weight: Array.from({ length: count }, (_, head) =>
            tensor(`self_attn.${name}.norms.${head}.weight`, dHead),
          ),
        })
        return {
          queryNorm: ofEachHead('q_layernorm', heads),
          keyNorm: ofEachHead('k_layernorm', keyValueHeads),
        }
      },
    }),
})
