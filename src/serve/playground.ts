import { TaskvecError } from '../domain/errors.js'
import { startEngineProcess, type EngineProcess } from '../engine/engine-process.js'
import { answerByTaskVector } from '../experiments/answer-by-task-vector.js'
import { modelCatalog } from '../models/catalog.js'
import { locateModel, pulledModel } from '../models/locate.js'
import { builtinTaskIds, furtherIds } from '../tasks/registry.js'
import type { PlaygroundAnswer, PlaygroundChoices } from './api.js'

/** After so long without a question the model is released, ms. */
const idle = 60_000
const longestQuery = 200

/**
 * Answers a query by regular, baseline and hypothesis. One model is loaded at a time and one question answered at a
 * time, in a process of its own; models are named by the catalogue's ids only, never by a path.
 */
export class Playground {
  #loaded: { id: string; engine: EngineProcess } | null = null
  #busy: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  choices(): PlaygroundChoices {
    const here = modelCatalog().filter(({ id }) => pulledModel(id) !== null)
    return { models: here.map(({ id }) => id), tasks: [...builtinTaskIds, ...furtherIds()] }
  }

  /** Errors: MODEL, TASK, USAGE. */
  async ask(model: string, task: string, query: string): Promise<PlaygroundAnswer> {
    const { models, tasks } = this.choices()
    if (!models.includes(model)) throw new TaskvecError('USAGE', 'no such model on this machine')
    if (!tasks.includes(task)) throw new TaskvecError('USAGE', 'no such task')
    if (query === '' || query.length > longestQuery)
      throw new TaskvecError('USAGE', `the query must have 1 to ${longestQuery} characters`)
    if (this.#waiting > 3) throw new TaskvecError('USAGE', 'several questions are being answered already')
    this.#waiting++
    const answer = this.#busy.then(() => this.#answer(model, task, query))
    this.#busy = answer.catch(() => undefined).finally(() => this.#waiting--)
    return answer
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#loaded?.engine.close()
    this.#loaded = null
  }

  async #answer(model: string, task: string, query: string): Promise<PlaygroundAnswer> {
    clearTimeout(this.#timer)
    const engine = await this.#engine(model)
    const { regular, baseline, hypothesis, demonstrations, dummyQueries } = await answerByTaskVector(engine, {
      task,
      query,
      layer: undefined,
      seed: 41,
      demonstrations: 5,
    })
    this.#timer = setTimeout(() => void this.close(), idle).unref()
    return { regular, baseline, hypothesis, demonstrations, dummyQueries }
  }

  async #engine(id: string): Promise<EngineProcess> {
    if (this.#loaded?.id === id && this.#loaded.engine.alive) return this.#loaded.engine
    await this.close()
    const engine = await startEngineProcess(locateModel({ id }))
    this.#loaded = { id, engine }
    return engine
  }
}
