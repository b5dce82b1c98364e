import { family, positive, size, windowField } from '../config.js'
import { decoder, standardFields } from '../standard.js'

/** Phi-3 and Phi-4 (arXiv 2404.14219): LLaMA with fused products, LongRoPE and a window by config. */
export const phi3 = family({
  name: 'phi3',
  examples: ['microsoft/Phi-3-mini-4k-instruct', 'microsoft/phi-4', 'microsoft/Phi-4-mini-instruct'],
  special:
    'one product for queries, keys and values, one for gate and up; LongRoPE; partial rotary embedding',
  fields: {
    ...standardFields,
    rms_norm_eps: positive.default(1e-5),
    max_position_embeddings: size.default(4096),
    original_max_position_embeddings: size.default(4096),
    sliding_window: windowField.default(null),
  },
  describe: (c) =>
    decoder(
      { ...c, ...longropeByItsNames(c) },
      {
        rotary: { partial: 1 },
        fused: { name: 'self_attn.qkv_proj', order: 'columns' },
        mlp: (parts) => parts.fusedMlp('mlp.gate_up_proj', 'mlp.down_proj'),
      },
    ),
})

/** Older files call LongRoPE "su" or "yarn". */
function longropeByItsNames(c: {
  rope_scaling?: { type?: string | undefined; rope_type?: string | undefined } | undefined
}): object {
  const { rope_scaling: scaling } = c
  const older = [scaling?.rope_type, scaling?.type].some((type) => type === 'su' || type === 'yarn')
  return older ? { rope_scaling: { ...scaling, rope_type: 'longrope' } } : {}
}
