import { fork, type ChildProcess } from 'node:child_process'
import { TaskvecError } from '../domain/errors.js'
import type { ModelInfo, PromptFormat } from '../domain/types.js'
import { built } from '../system/built.js'
import type { ComponentsRequest, ComponentsResult } from './components.js'
import type {
  Engine,
  EvaluateOptions,
  EvaluateRequest,
  EvaluateResult,
  Projection,
  Patch,
  ProjectRequest,
} from './engine.js'
import type { EngineSettings } from './local-engine.js'
import type { EngineCall, EngineFailure, EngineValue, FromEngine, ToEngine } from './process-protocol.js'

/** How long an aborted computation, which checks between blocks, may continue before its process is killed, ms. */
const abortGrace = 3000
/** Characters of stderr kept: a crash of Node prints its reason, then some forty lines. */
const keptStderr = 8000

interface PendingCall {
  readonly resolve: (value: EngineValue) => void
  readonly reject: (error: TaskvecError) => void
  readonly onProgress: ((fraction: number) => void) | undefined
}

/** Initial heap, MB: V8 counts buffers of graph runs, and would otherwise mark its whole heap ten times a second in four threads. */
const roomForBuffers = ['--initial-old-space-size=256']
/** Makes glibc keep large buffers in the heap instead of mapping and clearing new pages for every graph run. */
const keptMemory = { MALLOC_MMAP_THRESHOLD_: '1073741824', MALLOC_TRIM_THRESHOLD_: '1073741824' }

/**
 * Starts a child process for a model. If it crashes or is killed, calls in flight fail with ENGINE, but not this process, whose event
 * loop never blocks. `signal` kills the child, even while it loads. Errors at load: MODEL, WEIGHTS, ENGINE.
 */
export async function startEngineProcess(
  path: string,
  settings: EngineSettings = {},
  signal?: AbortSignal,
): Promise<EngineProcess> {
  const child = fork(built('engine-child.js'), [path, JSON.stringify(settings)], {
    ...(signal && { signal, killSignal: 'SIGKILL' }),
    serialization: 'advanced', // typed arrays as they are
    execArgv: roomForBuffers,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      // Not if memory is limited: then a block's weights must be returned to the system.
      ...(settings.memoryLimit === undefined ? keptMemory : {}),
    },
  })
  const stderr = tail(child)
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new TaskvecError('ENGINE', `the engine process cannot be started: ${cause.message}`, { cause })),
    )
    // Not `exit`, which may come before all output has been read.
    child.once('close', (code, signal) => reject(death(path, code, signal, stderr())))
    child.once('message', (message: FromEngine) => {
      if ('ready' in message)
        return resolve(new EngineProcess(path, child, message.ready, message.plan, stderr))
      child.kill('SIGKILL')
      reject(
        'refused' in message
          ? toError(message.refused, stderr())
          : new TaskvecError('ENGINE', 'unexpected first message of the engine process'),
      )
    })
  })
}

export class EngineProcess implements Engine {
  readonly pid: number
  #nextId = 0
  #dead: TaskvecError | null = null
  readonly #pending = new Map<number, PendingCall>()
  readonly #exited: Promise<void>

  constructor(
    path: string,
    private readonly child: ChildProcess,
    readonly info: ModelInfo,
    /** How the model is held and the cost of that, as text. */
    readonly plan: string,
    private readonly stderr: () => string,
  ) {
    this.pid = child.pid as number
    child.on('message', (message: FromEngine) => this.#receive(message))
    child.on('error', () => child.kill('SIGKILL'))
    this.#exited = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.#dead = death(path, code, signal, stderr())
        for (const call of this.#pending.values()) call.reject(this.#dead)
        this.#pending.clear()
        resolve()
      })
    })
  }

  get alive(): boolean {
    return this.#dead === null
  }

  async encode(
    texts: readonly string[],
    { special = true }: { special?: boolean } = {},
  ): Promise<number[][]> {
    return (await this.#call({ method: 'encode', texts, special })) as number[][]
  }

  async chatFormat(system?: string): Promise<PromptFormat> {
    return (await this.#call({ method: 'chatFormat', system })) as PromptFormat
  }

  async decode(tokens: readonly number[]): Promise<string[]> {
    return (await this.#call({ method: 'decode', tokens })) as string[]
  }

  async decodeAll(sequences: readonly (readonly number[])[]): Promise<string[]> {
    return (await this.#call({ method: 'decodeAll', sequences })) as string[]
  }

  async logits(tokens: readonly number[], patches: readonly Patch[] = []): Promise<Float32Array> {
    return (await this.#call({ method: 'logits', tokens, patches })) as Float32Array
  }

  async project(request: ProjectRequest): Promise<Projection[]> {
    return (await this.#call({ method: 'project', request })) as Projection[]
  }

  async evaluate(request: EvaluateRequest, options: EvaluateOptions = {}): Promise<EvaluateResult> {
    return (await this.#call({ method: 'evaluate', request }, options)) as EvaluateResult
  }

  async components(request: ComponentsRequest, options: EvaluateOptions = {}): Promise<ComponentsResult> {
    return (await this.#call({ method: 'components', request }, options)) as ComponentsResult
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL') // it holds only memory
    await this.#exited
  }

  #call(call: EngineCall, { signal, onProgress }: EvaluateOptions = {}): Promise<EngineValue> {
    if (this.#dead) return Promise.reject(this.#dead)
    if (signal?.aborted) return Promise.reject(cancelled())
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      let killer: NodeJS.Timeout | undefined
      const abort = () => {
        this.#send({ id, abort: true })
        killer = setTimeout(() => this.child.kill('SIGKILL'), abortGrace)
      }
      const settle = () => {
        clearTimeout(killer)
        signal?.removeEventListener('abort', abort)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#pending.set(id, {
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(signal?.aborted ? cancelled() : error)),
        onProgress,
      })
      this.#send({ id, call })
    })
  }

  #receive(message: FromEngine): void {
    if (!('id' in message)) return
    const call = this.#pending.get(message.id)
    if (!call) return
    if ('progress' in message) return call.onProgress?.(message.progress)
    this.#pending.delete(message.id)
    if ('value' in message) call.resolve(message.value)
    else call.reject(toError(message.failure, this.stderr()))
  }

  #send(message: ToEngine): void {
    // A send to a dying process fails; its exit rejects the call.
    this.child.send(message, () => {})
  }
}

function cancelled(): TaskvecError {
  return new TaskvecError('CANCELLED', 'the computation was cancelled')
}

function toError({ code, message, hint }: EngineFailure, log: string): TaskvecError {
  return new TaskvecError(code, message, { hint, log })
}

function death(
  path: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
): TaskvecError {
  const how = signal ? `was killed by ${signal}` : `ended with exit code ${code}`
  const memory =
    signal === 'SIGKILL' ? ' SIGKILL without a known cause is often the system running out of memory.' : ''
  return new TaskvecError('ENGINE', `the engine process of ${path} ${how}`, {
    hint: `What it was computing is tried again.${memory}`,
    log: stderr,
  })
}

function tail(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-keptStderr)))
  return () => text.trim()
}
