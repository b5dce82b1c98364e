import { family, flag } from '../config.js'
import { decoder, standardFields } from '../standard.js'

/** LLaMA (transformers' modeling_llama.py): RMSNorm, rotary embedding over whole heads, grouped-query attention, gated MLP. */
export const llama = family({
  name: 'llama',
  examples: ['meta-llama/Llama-3.2-1B', 'HuggingFaceTB/SmolLM2-135M', 'huggyllama/llama-7b'],
  special: 'every scaling of rotary embedding; biases by config',
  fields: { ...standardFields, attention_bias: flag.default(false), mlp_bias: flag.default(false) },
  describe: (c) => decoder(c),
})
