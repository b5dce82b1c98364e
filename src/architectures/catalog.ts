import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { unreadTensors, withOwnHead } from '../weights/settle-weights.js'
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
  /** What its files have that is decided, not computed as it stands: see src/weights/settle-weights.ts. */
  readonly warnings: readonly string[]
}

/** A checkpoint's model. Throws MODEL where its config cannot be run. */
export function identify(opened: Checkpoint): Model {
  const { path } = opened
  const architecture = architectureOf(opened.config, path)
  const tensorsOf = (config: Checkpoint['config']) =>
    architecture.expectedTensors(architecture.describe(config, path))
  const { checkpoint: settled, warnings } = withOwnHead(opened, tensorsOf)
  const shape = architecture.describe(settled.config, path)
  const checkpoint = underExpectedNames(settled, architecture, shape)
  const unread = unreadTensors(checkpoint, architecture.expectedTensors(shape))
  return { architecture, shape, checkpoint, warnings: [...warnings, ...unread] }
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
