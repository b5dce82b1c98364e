import { z } from 'zod'
import { activationField } from '../activations.js'
import { blockCount, family, flag, insist, positive, size } from '../config.js'
import { decoder } from '../standard.js'
import { gpt2Changes, gpt2Names } from './gpt2.js'

const kind = z.enum(['global', 'local'])

/** GPT-Neo: GPT-2 with a window in every second layer, and scores that are not scaled. */
export const gptNeo = family({
  name: 'gpt_neo',
  examples: ['EleutherAI/gpt-neo-125m', 'EleutherAI/gpt-neo-2.7B'],
  special: 'learned positions; windows by layer; scores are not scaled',
  fields: {
    hidden_size: size,
    num_layers: blockCount,
    num_heads: size,
    intermediate_size: size.optional(),
    window_size: size.default(256),
    attention_types: z
      .array(z.tuple([z.array(kind).max(1000), z.int().positive().max(1000)]))
      .max(1000)
      .default([[['global', 'local'], 12]]),
    max_position_embeddings: size.default(2048),
    activation_function: activationField.default('gelu_new'),
    layer_norm_epsilon: positive.default(1e-5),
    vocab_size: size,
    tie_word_embeddings: flag.default(true),
  },
  renamed: { num_hidden_layers: 'num_layers', num_attention_heads: 'num_heads' },
  describe(c) {
    const count = c.attention_types.reduce((sum, [kinds, times]) => sum + kinds.length * times, 0)
    insist(count === c.num_layers, `attention_types describe ${count} layers, num_layers is ${c.num_layers}`)
    const kinds = c.attention_types.flatMap(([repeated, times]) =>
      Array.from({ length: times }, () => repeated).flat(),
    )
    const of = (name: string) => `attn.attention.${name}`
    return decoder(
      { ...c, hidden_act: c.activation_function },
      {
        ...gpt2Changes(c),
        names: {
          ...gpt2Names,
          query: of('q_proj'),
          key: of('k_proj'),
          value: of('v_proj'),
          out: of('out_proj'),
        },
        bias: { out: true },
        attention: ({ layer }) => ({ scale: 1, window: kinds[layer] === 'local' ? c.window_size : null }),
      },
    )
  },
})
