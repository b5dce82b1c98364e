import { TaskvecError } from '../domain/errors.js'
import { startEngineProcess, type EngineProcess } from '../engine/engine-process.js'
import { answerByTaskVector, type TaskVectorQuestion } from '../experiments/answer-by-task-vector.js'
import { modelCatalog } from '../models/catalog.js'
import { locateModel, pulledModel } from '../models/locate.js'
import { builtinTemplates } from '../prompt/templates.js'
import { builtinTaskIds, furtherIds } from '../tasks/registry.js'
import type { PlaygroundAnswer, PlaygroundChoices, PlaygroundQuestion } from './api.js'

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
    return {
      models: here.map(({ id }) => id),
      tasks: [...builtinTaskIds, ...furtherIds()],
      prompts: builtinTemplates.map(({ id }) => id),
    }
  }

  /** Errors: MODEL, TASK, USAGE. */
  async ask({ model, task, query, prompt, demonstrations }: PlaygroundQuestion): Promise<PlaygroundAnswer> {
    const { models, tasks } = this.choices()
    const template = builtinTemplates.find(({ id }) => id === prompt)
    if (!template) throw new TaskvecError('USAGE', 'no such prompt')
    if (!models.includes(model)) throw new TaskvecError('USAGE', 'no such model on this machine')
    if (!tasks.includes(task)) throw new TaskvecError('USAGE', 'no such task')
    if (query === '' || query.length > longestQuery)
      throw new TaskvecError('USAGE', `the query must have 1 to ${longestQuery} characters`)
    if (this.#waiting > 3) throw new TaskvecError('USAGE', 'several questions are being answered already')
    this.#waiting++
    const answer = this.#busy.then(() =>
      this.#answer(model, {
        ...{ query, layer: undefined, prompt: template },
        drawn: { task: { kind: 'builtin', id: task }, seed: 41, demonstrations },
      }),
    )
    this.#busy = answer.catch(() => undefined).finally(() => this.#waiting--)
    return answer
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#loaded?.engine.close()
    this.#loaded = null
  }

  async #answer(model: string, question: TaskVectorQuestion): Promise<PlaygroundAnswer> {
    clearTimeout(this.#timer)
    const engine = await this.#engine(model)
    const { regular, baseline, hypothesis, demonstrations, dummyQueries } = await answerByTaskVector(
      engine,
      question,
    )
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
