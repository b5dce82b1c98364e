import { z } from 'zod'
import { activationField } from '../activations.js'
import { family, flag, positive, size } from '../config.js'
import { parameters } from '../rotary-scalings.js'
import { decoder, standardFields } from '../standard.js'

const usualScaling = {
  rope_type: 'llama3',
  rope_theta: 12e6,
  factor: 8,
  original_max_position_embeddings: 8192,
  low_freq_factor: 1,
  high_freq_factor: 4,
}

/** Apertus (arXiv 2509.14233): query-key norms, an MLP of xIELU, whose shape is learned. */
export const apertus = family({
  name: 'apertus',
  examples: ['swiss-ai/Apertus-8B-2509'],
  special: 'xIELU with learned parameters, no gate; norms on the queries and keys of each head',
  fields: {
    ...standardFields,
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(65536),
    hidden_act: z.union([z.literal('xielu'), activationField]).default('xielu'),
    attention_bias: flag.default(false),
  },
  describe(c) {
    const unsaid = !c.rope_parameters && !c.rope_scaling
    const config = {
      ...c,
      hidden_act: c.hidden_act === 'xielu' ? 'linear' : c.hidden_act,
      ...(unsaid ? { rope_parameters: parameters.parse(usualScaling) } : {}),
    }
    return decoder(config, {
      rotary: { theta: 12e6 },
      norms: ({ norm }) => ({
        beforeAttention: norm('attention_layernorm'),
        beforeMlp: norm('feedforward_layernorm'),
      }),
      queryKeyNorms: 'each head',
      mlp: (parts) => {
        const mlp = parts.plainMlp('mlp.up_proj', 'mlp.down_proj', { bias: false })
        if (c.hidden_act !== 'xielu') return mlp
        const learned = (name: string, ...shape: number[]) => parts.tensor(`mlp.act_fn.${name}`, ...shape)
        const activation = {
          kind: 'xielu',
          positive: learned('alpha_p', 1),
          negative: learned('alpha_n', 1),
          beta: learned('beta'),
          epsilon: learned('eps'),
        } as const
        return { ...mlp, activation }
      },
    })
  },
})
