import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import type { Architecture, ModelShape } from './architecture.js'
import { gpt2 } from './gpt2.js'
import { gptJ } from './gpt-j.js'
import { gptNeox } from './gpt-neox.js'
import { llama } from './llama.js'
import { underExpectedNames } from './tensor-names.js'

const architectures: readonly Architecture[] = [llama, gptJ, gptNeox, gpt2]

/** A checkpoint together with the architecture that runs it. */
export interface Model {
  readonly architecture: Architecture
  readonly shape: ModelShape
  /** Its tensors under the names that the architecture expects. */
  readonly checkpoint: Checkpoint
}

/** A checkpoint's model. Throws MODEL where its config cannot be run. */
export function identify(checkpoint: Checkpoint): Model {
  const architecture = architectureOf(checkpoint.config, checkpoint.path)
  const shape = architecture.describe(checkpoint.config, checkpoint.path)
  return { architecture, shape, checkpoint: underExpectedNames(checkpoint, architecture, shape) }
}

/** The architecture of a config.json, by its `model_type`. Throws MODEL, naming those known. */
export function architectureOf(config: Readonly<Record<string, unknown>>, path: string): Architecture {
  const type = config['model_type']
  const found = architectures.find(({ name }) => name === type)
  if (found) return found
  const known = architectures.map(({ name }) => name)
  const near = typeof type === 'string' ? didYouMean(type, known) : ''
  throw new TaskvecError(
    'MODEL',
    `${path}: model_type ${JSON.stringify(type)} cannot be run${near}; known: ${known.join(', ')}`,
  )
}
