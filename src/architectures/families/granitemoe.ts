import { family, flag, size } from '../config.js'
import type { MlpSpec } from '../decoder.js'
import { expertCount, linearOfExpert, mixture } from '../mixture.js'
import { standardDecoder } from '../standard.js'
import { graniteFields, graniteScales } from './granite.js'

/** Granite 3 MoE: Granite with experts, all of a layer's in one tensor. */
export const granitemoe = family({
  name: 'granitemoe',
  examples: ['ibm-granite/granite-3.1-1b-a400m-base'],
  special: 'as granite, with a mixture of experts',
  fields: {
    ...graniteFields,
    num_local_experts: expertCount.default(8),
    num_experts_per_tok: size.default(2),
    /** Gate and up apart, as GGUF has them. */
    experts_in_gguf: flag.default(false),
  },
  renamed: { num_experts: 'num_local_experts' },
  describe(c, path) {
    const { num_local_experts: count, hidden_size: dModel, intermediate_size: dMlp } = c
    return standardDecoder('granitemoe', c, path, {
      ...graniteScales(c),
      mlp: (parts) =>
        mixture(parts, path, {
          router: 'block_sparse_moe.router.layer',
          count,
          perRow: c.num_experts_per_tok,
          routing: { score: 'chosen' },
          expert: (index): MlpSpec => {
            const product = (name: string, inputs: number, outputs: number) =>
              linearOfExpert(
                parts,
                { weight: `block_sparse_moe.${name}.weight` },
                { index, count },
                [inputs, outputs],
                'out-in',
              )
            return {
              kind: 'mlp',
              up: c.experts_in_gguf
                ? {
                    kind: 'gated',
                    gate: product('gate_linear', dModel, dMlp),
                    up: product('up_linear', dModel, dMlp),
                  }
                : { kind: 'fused', gateUp: product('input_linear', dModel, 2 * dMlp), order: 'columns' },
              activation: parts.core.activation,
              down: product('output_linear', dMlp, dModel),
            }
          },
        }),
    })
  },
})
