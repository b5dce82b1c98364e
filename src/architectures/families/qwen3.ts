import { family, flag, size } from '../config.js'
import { slidingLayers } from '../layer-kinds.js'
import { standardDecoder } from '../standard.js'
import { qwenFields } from './qwen2.js'

/** Qwen3 (arXiv 2505.09388): no biases, norms of each head's queries and keys. */
export const qwen3 = family({
  name: 'qwen3',
  examples: ['Qwen/Qwen3-0.6B', 'Qwen/Qwen3-8B-Base'],
  special: 'norms on the queries and keys of each head; heads wider than d_model / heads',
  fields: { ...qwenFields, head_dim: size.nullable().default(128), attention_bias: flag.default(false) },
  describe(c, path) {
    const window = c.use_sliding_window ? c.sliding_window : null
    const sliding = slidingLayers(c, (layer) => layer >= c.max_window_layers, path)
    return standardDecoder('qwen3', c, path, {
      bias: { queryKeyValue: c.attention_bias, out: c.attention_bias },
      attention: ({ norm, layer }, { dHead }) => ({
        queryNorm: norm('self_attn.q_norm', dHead),
        keyNorm: norm('self_attn.k_norm', dHead),
        window: sliding[layer] ? window : null,
      }),
    })
  },
})
