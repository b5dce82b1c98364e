import { TaskvecError } from '../domain/errors.js'
import type { Engine } from './engine.js'
import { loadEngine, type EngineSettings } from './local-engine.js'
import type { EngineCall, EngineFailure, EngineValue, FromEngine, ToEngine } from './process-protocol.js'

/** The engine process: one loaded model, calls in, results out. Started by engine-process.ts with the model's path and settings. */
const [path = '', settings = '{}'] = process.argv.slice(2)
const running = new Map<number, AbortController>()

process.title = 'taskvec-engine'
// The parent has exited, so nobody waits for a result.
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole process group; the parent decides when its engines stop.
process.on('SIGINT', () => {})

try {
  const engine = await loadEngine(path, JSON.parse(settings) as EngineSettings)
  process.on('message', (message: ToEngine) => void handle(engine, message))
  send({ ready: engine.info, plan: engine.plan.summary })
} catch (error) {
  send({ refused: toFailure(error) })
}

async function handle(engine: Engine, message: ToEngine): Promise<void> {
  const { id } = message
  if ('abort' in message) return running.get(id)?.abort()
  const controller = new AbortController()
  running.set(id, controller)
  try {
    send({ id, value: await perform(engine, id, message.call, controller.signal) })
  } catch (error) {
    send({ id, failure: toFailure(error) })
  } finally {
    running.delete(id)
  }
}

async function perform(
  engine: Engine,
  id: number,
  call: EngineCall,
  signal: AbortSignal,
): Promise<EngineValue> {
  const options = { signal, onProgress: (progress: number) => send({ id, progress }) }
  switch (call.method) {
    case 'encode':
      return engine.encode(call.texts, { special: call.special })
    case 'chatFormat':
      return engine.chatFormat(call.system)
    case 'decode':
      return engine.decode(call.tokens)
    case 'decodeAll':
      return engine.decodeAll(call.sequences)
    case 'logits':
      return engine.logits(call.tokens, call.patches)
    case 'project':
      return engine.project(call.request)
    case 'evaluate':
      return engine.evaluate(call.request, options)
    case 'components':
      return engine.components(call.request, options)
  }
}

function send(message: FromEngine): void {
  if (process.connected) process.send?.(message)
}

function toFailure(error: unknown): EngineFailure {
  if (error instanceof TaskvecError) return { code: error.code, message: error.message, hint: error.hint }
  return {
    code: 'ENGINE',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: undefined,
  }
}
