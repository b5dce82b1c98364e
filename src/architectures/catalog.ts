import { didYouMean } from '../domain/nearest.js'
import { TaskvecError } from '../domain/errors.js'
import type { Architecture } from './architecture.js'
import { llama } from './llama.js'

const architectures: readonly Architecture[] = [llama]

/** The architecture of a config.json. Throws MODEL, naming those known. */
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
