import { TaskvecError } from '../domain/errors.js'
import type { EvaluateOptions } from './engine.js'

/** Yields to the event loop between blocks, so that cancellations arrive, since onnxruntime's runs block it. */
export async function pause({ signal, onProgress }: EvaluateOptions, fraction: number): Promise<void> {
  onProgress?.(fraction)
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new TaskvecError('CANCELLED', 'the computation was cancelled')
}
