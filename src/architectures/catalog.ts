import { didYouMean } from '../domain/nearest.js'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import type { Family } from './config.js'
import type { DecoderSpec } from './decoder.js'
import { gpt2 } from './families/gpt2.js'
import { gptJ } from './families/gpt-j.js'
import { gptNeox } from './families/gpt-neox.js'
import { llama } from './families/llama.js'
import { underExpectedNames } from './tensor-names.js'

export const families: readonly Family[] = [llama, gptJ, gptNeox, gpt2]

/** A checkpoint together with the description of what it computes. */
export interface Model {
  readonly decoder: DecoderSpec
  /** Its tensors under the names that the description has for them. */
  readonly checkpoint: Checkpoint
}

/** A checkpoint's model. Throws MODEL where its config cannot be run. */
export function identify(checkpoint: Checkpoint): Model {
  const decoder = describeDecoder(checkpoint.config, checkpoint.path)
  return { decoder, checkpoint: underExpectedNames(checkpoint, decoder) }
}

/** What a config.json says of its model, by its `model_type`. Throws MODEL, naming the families known. */
export function describeDecoder(config: Readonly<Record<string, unknown>>, path: string): DecoderSpec {
  const type = config['model_type']
  const found = families.find(({ name }) => name === type)
  if (found) return found.describe(config, path)
  const known = families.map(({ name }) => name)
  const near = typeof type === 'string' ? didYouMean(type, known) : ''
  throw new TaskvecError(
    'MODEL',
    `${path}: model_type ${JSON.stringify(type)} cannot be run${near}; known: ${known.join(', ')}`,
  )
}
