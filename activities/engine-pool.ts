import { freemem } from 'node:os'
import { TaskvecError } from '../src/domain/errors.js'
import { canonicalJson } from '../src/domain/identity.js'
import type { EngineMode } from '../src/domain/numerics.js'
import { startEngineProcess, type EngineProcess } from '../src/engine/engine-process.js'
import type { EngineSettings } from '../src/engine/local-engine.js'
import { residentBytes } from '../src/system/process-table.js'

interface Slot {
  readonly model: string
  /** Numerics and device, as JSON. */
  readonly mode: string
  readonly engine: EngineProcess
  /** Time taken to load the model, ms. */
  readonly loading: number
  /** Until then, the engine stays with its model while there is work for it, ms. */
  readonly turnEnds: number
  busy: boolean
  /** When it was last used, ms; the least recently used idle engine is closed first. */
  lastUse: number
}

interface Waiter {
  readonly model: string
  readonly mode: string
  readonly signal: AbortSignal
  readonly start: (slot: Slot) => void
  readonly fail: (error: unknown) => void
}

/** Loading a model costs as much as many small requests, so an engine keeps its model for at least this multiple of the loading time. */
const turnsOfLoading = 10
const shortestTurnMs = 30_000
/**
 * The next request for a model is often on its way, so an idle engine is kept for as long as its loading took: waiting then costs at
 * most twice the optimum. It is not kept longer than this.
 */
const longestLingerMs = 10_000

/**
 * The engine processes of one worker: at most `size`, each with one loaded model. A request takes an idle engine of its model. If
 * there is none, a process is started, replacing an idle one if necessary: one without pending requests, else one whose turn is over.
 * A dead process is replaced when it is next needed.
 */
export class EnginePool {
  #slots: Slot[] = []
  readonly #waiters: Waiter[] = []
  #starting = 0
  #lingering: NodeJS.Timeout | undefined
  readonly #closing = new AbortController()

  constructor(
    /** Path of a model's folder or GGUF file. Errors: MODEL if it is not on this machine. */
    private readonly locate: (model: string) => string,
    readonly size: number,
    private readonly settings: EngineSettings = {},
    /** Called with the plan of each engine started. */
    private readonly onStart: (model: string, plan: string) => void = () => {},
  ) {}

  /** Runs `work` on an engine of the model, exclusively. Errors: MODEL, WEIGHTS, ENGINE, CANCELLED. */
  async use<T>(
    model: string,
    signal: AbortSignal,
    work: (engine: EngineProcess) => Promise<T>,
    mode: EngineMode = {},
  ): Promise<T> {
    const slot = await this.#acquire(model, canonicalJson(mode), signal)
    try {
      return await work(slot.engine)
    } finally {
      slot.busy = false
      slot.lastUse = performance.now()
      this.#serve()
    }
  }

  /** Process ids of running engines. */
  get pids(): number[] {
    return this.#slots.filter(({ engine }) => engine.alive).map(({ engine }) => engine.pid)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    clearTimeout(this.#lingering)
    for (const waiter of this.#waiters.splice(0))
      waiter.fail(new TaskvecError('CANCELLED', 'the worker is shutting down'))
    await Promise.all(this.#slots.splice(0).map(({ engine }) => engine.close()))
  }

  #acquire(model: string, mode: string, signal: AbortSignal): Promise<Slot> {
    return new Promise((start, fail) => {
      const waiter: Waiter = {
        model,
        mode,
        signal,
        start(slot) {
          signal.removeEventListener('abort', leave)
          start(slot)
        },
        fail,
      }
      const leave = () => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0)
          fail(
            new TaskvecError('CANCELLED', 'cancelled while waiting for an engine', {
              cause: this.#waiters.splice(at, 1),
            }),
          )
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiters.push(waiter)
      if (signal.aborted) leave()
      else this.#serve()
    })
  }

  #serve(): void {
    this.#slots = this.#slots.filter(({ engine, busy }) => busy || engine.alive)
    for (const waiter of [...this.#waiters]) {
      const idle = this.#slots.find((slot) => !slot.busy && serves(slot, waiter) && !this.#isOver(slot))
      if (idle) this.#give(waiter, idle)
    }
    for (const waiter of [...this.#waiters]) {
      const idle = this.#slots.find((slot) => !slot.busy && serves(slot, waiter))
      if (idle) this.#give(waiter, idle)
      else if (this.#starting === 0 && this.#makeRoom()) this.#startFor(waiter)
    }
  }

  /** Whether a slot's turn is over: its time is up, and a request for a model that no engine has is waiting. */
  #isOver({ turnEnds }: Slot): boolean {
    return (
      performance.now() > turnEnds &&
      this.#waiters.some((waiter) => !this.#slots.some((slot) => serves(slot, waiter)))
    )
  }

  #give(waiter: Waiter, slot: Slot): void {
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
    slot.busy = true
    waiter.start(slot)
  }

  /** Whether another engine may be started; closes an idle one if the pool or the memory is full. */
  #makeRoom(): boolean {
    if (this.#closing.signal.aborted) return false
    const full = this.#slots.length >= this.size
    if (!full && this.#memoryAllows()) return true
    const wanted = (slot: Slot) => this.#waiters.some((waiter) => serves(slot, waiter))
    const idle = this.#slots
      .filter((slot) => !slot.busy && (!wanted(slot) || this.#isOver(slot)))
      .sort((a, b) => Number(wanted(a)) - Number(wanted(b)) || a.lastUse - b.lastUse)[0]
    if (!idle) return false
    const lingers = idle.lastUse + Math.min(idle.loading, longestLingerMs) - performance.now()
    if (lingers > 0 && !this.#isOver(idle)) {
      clearTimeout(this.#lingering)
      this.#lingering = setTimeout(() => this.#serve(), lingers + 1)
      return false
    }
    this.#slots = this.#slots.filter((slot) => slot !== idle)
    void idle.engine.close().then(() => this.#serve())
    return this.#slots.length < this.size && this.#memoryAllows()
  }

  /** Whether free memory exceeds that of the largest engine by 20 %; always true for the first. */
  #memoryAllows(): boolean {
    const largest = Math.max(0, ...this.#slots.map(({ engine }) => residentBytes(engine.pid)))
    return freemem() > 1.2 * largest
  }

  /** Starts engines one at a time, since the memory that one takes decides whether the next may start. */
  #startFor(waiter: Waiter): void {
    this.#starting++
    this.#start(waiter).then(
      (slot) => {
        this.#starting--
        if (this.#closing.signal.aborted) return void slot.engine.close()
        this.#slots.push(slot)
        this.#serve()
      },
      (error: unknown) => {
        this.#starting--
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        waiter.fail(error)
        this.#serve()
      },
    )
  }

  async #start({ model, mode }: Waiter): Promise<Slot> {
    const began = performance.now()
    const settings = { ...this.settings, mode: JSON.parse(mode) as EngineMode }
    const engine = await startEngineProcess(this.locate(model), settings, this.#closing.signal)
    this.onStart(model, engine.plan)
    const now = performance.now()
    const loading = now - began
    const turnEnds = now + Math.max(shortestTurnMs, turnsOfLoading * loading)
    return { model, mode, engine, loading, turnEnds, busy: false, lastUse: now }
  }
}

function serves(slot: Slot, waiter: Waiter): boolean {
  return slot.model === waiter.model && slot.mode === waiter.mode
}
