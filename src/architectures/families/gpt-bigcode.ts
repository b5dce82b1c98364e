import { z } from 'zod'
import { activationField } from '../activations.js'
import { family, flag } from '../config.js'
import { layerNorm, tensor } from '../parts.js'
import { decoderOf } from '../standard.js'
import { gpt2Core, gpt2Fields, gpt2Names, gpt2Renamed } from './gpt2.js'

/** StarCoder and SantaCoder (arXiv 2305.06161): GPT-2 with one key-value head. */
export const gptBigcode = family({
  name: 'gpt_bigcode',
  examples: ['bigcode/starcoder', 'bigcode/gpt_bigcode-santacoder'],
  special: 'learned positions; one key-value head for all queries',
  fields: {
    ...gpt2Fields,
    activation_function: activationField.default('gelu_pytorch_tanh'),
    multi_query: flag.default(true),
    add_cross_attention: z.literal(false).default(false),
  },
  renamed: gpt2Renamed,
  describe: (c, path) =>
    decoderOf({ ...gpt2Core('gpt_bigcode', c), keyValueHeads: c.multi_query ? 1 : c.n_head }, path, {
      names: gpt2Names,
      norm: (name, dModel) => layerNorm(name, dModel, c.layer_norm_epsilon),
      norms: ({ norm }) => ({ beforeAttention: norm('ln_1'), beforeMlp: norm('ln_2') }),
      bias: { queryKeyValue: true, out: true },
      fused: { name: 'attn.c_attn', order: 'groups' },
      attention: (_, { dHead }) => ({ scale: c.scale_attn_weights ? dHead ** -0.5 : 1 }),
      mlp: (parts) => parts.plainMlp('mlp.c_fc', 'mlp.c_proj'),
      embedding: {
        positions: { table: tensor('transformer.wpe.weight', c.n_positions, c.n_embd), offset: 0 },
      },
    }),
})
