import { TaskvecError } from '../domain/errors.js'
import type { EvaluateOptions } from './engine.js'

/** Lets messages in between blocks: onnxruntime's run blocks the event loop, and a cancellation must be heard. */
export async function pause({ signal, onProgress }: EvaluateOptions, fraction: number): Promise<void> {
  onProgress?.(fraction)
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new TaskvecError('CANCELLED', 'the computation was cancelled')
}
