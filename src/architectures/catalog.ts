import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { unreadTensors, withOwnHead } from '../weights/settle-weights.js'
import type { Family } from './config.js'
import { type DecoderSpec } from './decoder.js'
import { expectedTensors } from './decoder-sizes.js'
import { apertus } from './families/apertus.js'
import { arcee } from './families/arcee.js'
import { bloom } from './families/bloom.js'
import { cohere, cohere2 } from './families/cohere.js'
import { ernie45 } from './families/ernie4-5.js'
import { deepseekV2, deepseekV3 } from './families/deepseek.js'
import { dots1 } from './families/dots1.js'
import { exaone4 } from './families/exaone4.js'
import { falcon } from './families/falcon.js'
import { gemma, gemma2, gemma3, vaultgemma } from './families/gemma.js'
import { glm, glm4, glm4Moe } from './families/glm.js'
import { gpt2, gptBigcode } from './families/gpt2.js'
import { gptJ } from './families/gpt-j.js'
import { gptNeo } from './families/gpt-neo.js'
import { gptNeox } from './families/gpt-neox.js'
import { gptOss } from './families/gpt-oss.js'
import { granite, granitemoe } from './families/granite.js'
import { helium } from './families/helium.js'
import { hunyuan } from './families/hunyuan.js'
import { llama } from './families/llama.js'
import { llama4 } from './families/llama4.js'
import { ministral, ministral3, mistral, mixtral } from './families/mistral.js'
import { mpt } from './families/mpt.js'
import { nemotron } from './families/nemotron.js'
import { olmo, olmo2, olmo3, olmoe } from './families/olmo.js'
import { opt } from './families/opt.js'
import { phi } from './families/phi.js'
import { phi3 } from './families/phi3.js'
import { phimoe } from './families/phimoe.js'
import { qwen2, qwen2Moe, qwen3, qwen3Moe } from './families/qwen.js'
import { seedOss } from './families/seed-oss.js'
import { smollm3 } from './families/smollm3.js'
import { stablelm } from './families/stablelm.js'
import { starcoder2 } from './families/starcoder2.js'
import { underExpectedNames } from './tensor-names.js'

export const families: readonly Family[] = [
  llama,
  gptJ,
  gptNeox,
  gpt2,
  mistral,
  ministral,
  ministral3,
  qwen2,
  qwen3,
  gemma,
  gemma2,
  gemma3,
  vaultgemma,
  phi,
  phi3,
  olmo,
  olmo2,
  olmo3,
  falcon,
  mpt,
  bloom,
  opt,
  gptNeo,
  gptBigcode,
  starcoder2,
  stablelm,
  cohere,
  cohere2,
  granite,
  smollm3,
  glm,
  glm4,
  glm4Moe,
  nemotron,
  exaone4,
  seedOss,
  apertus,
  helium,
  ernie45,
  hunyuan,
  arcee,
  mixtral,
  qwen2Moe,
  qwen3Moe,
  olmoe,
  phimoe,
  granitemoe,
  gptOss,
  deepseekV2,
  deepseekV3,
  dots1,
  llama4,
]

/** A checkpoint and the description of its computation. */
export interface Model {
  readonly decoder: DecoderSpec
  /** Its tensors under the description's names. */
  readonly checkpoint: Checkpoint
  /** Decisions on ambiguous contents of its files: see src/weights/settle-weights.ts. */
  readonly warnings: readonly string[]
}

/** A checkpoint's model. Throws MODEL if its config cannot be run. */
export function identify(opened: Checkpoint): Model {
  const { path } = opened
  const { checkpoint: settled, warnings } = withOwnHead(opened, (config) =>
    expectedTensors(describeDecoder(config, path)),
  )
  const decoder = describeDecoder(settled.config, path)
  const checkpoint = underExpectedNames(settled, decoder)
  return {
    decoder,
    checkpoint,
    warnings: [...warnings, ...unreadTensors(checkpoint, expectedTensors(decoder))],
  }
}

/** The description of a config.json's model, by its `model_type`. Throws MODEL, naming the families known. */
export function describeDecoder(config: Readonly<Record<string, unknown>>, path: string): DecoderSpec {
  const type = config['model_type']
  const found = families.find(({ name }) => name === type)
  if (found) return found.describe(config, path)
  // A multimodal model: only its language model.
  const text = config['text_config'] as Readonly<Record<string, unknown>> | null | undefined
  const language = families.find(({ name }) => name === text?.['model_type'])
  if (text && language) {
    const { tie_word_embeddings } = config
    return language.describe(
      { ...(tie_word_embeddings === undefined ? {} : { tie_word_embeddings }), ...text },
      path,
    )
  }
  const known = families.map(({ name }) => name)
  const near = typeof type === 'string' ? didYouMean(type, known) : ''
  throw new TaskvecError(
    'MODEL',
    type === undefined
      ? `${path}: config.json names no model_type; known: ${known.join(', ')}`
      : `${path}: model_type ${JSON.stringify(type)} cannot be run${near}; known: ${known.join(', ')}`,
  )
}
