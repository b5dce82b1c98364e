import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { SweepConfig } from '../config/sweep-config.js'
import { TaskvecError } from '../domain/errors.js'
import type { EngineMode } from '../domain/numerics.js'
import type { PromptTemplate, TaskSpec } from '../domain/types.js'
import { startEngineProcess, type EngineProcess } from '../engine/engine-process.js'
import { modelCatalog } from '../models/catalog.js'
import { locateModel, pulledModel, type ModelRef } from '../models/locate.js'
import { answer, type PredictAnswer } from '../predict/predict.js'
import { predictRequest } from '../predict/request.js'
import { builtinTemplates, promptName } from '../prompt/templates.js'
import { settingsOfGroup } from '../store/settings.js'
import { findSweep } from '../store/sweeps.js'
import { builtinTaskIds, furtherIds } from '../tasks/registry.js'
import { libraryNames, namedVectors, pickVectors } from '../vectors/library.js'
import type { PlaygroundChoices } from './api.js'

/** Time without a question after which the model is released, ms. */
const idle = 60_000
const mostWaiting = 4

/** What a question may name besides what comes with taskvec: the contents of one sweep, or nothing. */
interface Own {
  readonly models: readonly ModelRef[]
  readonly tasks: readonly TaskSpec[]
  readonly prompts: readonly PromptTemplate[]
  readonly mode: EngineMode
  readonly demonstrations: number
  readonly prompt: string
}

const nobody: Own = { models: [], tasks: [], prompts: [], mode: {}, demonstrations: 5, prompt: 'arrow' }

const asked = z.looseObject({
  sweep: z.string().min(1).max(300).optional(),
  model: z.string().min(1).max(300),
  template: z.unknown().optional(),
})

/**
 * Answers questions of `POST /api/v1/predict` (docs/api.md) for the page: a sweep's models, tasks and prompts are known by the names that
 * its config gives them. One model is loaded and one question answered at a time, in a separate process, in the sweep's numerics. Questions
 * cannot name files: models come from the catalogue or the sweep, vectors from the library or as numbers.
 */
export class Playground {
  #loaded: { readonly key: string; readonly engine: EngineProcess } | null = null
  #busy: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly db: Database.Database) {}

  /** Throws USAGE if there is no such sweep. */
  choices(sweep?: string): PlaygroundChoices {
    const { models, tasks, prompts, demonstrations, prompt } = this.#own(sweep)
    const labels = tasks.flatMap(({ id, label }) => (label === undefined ? [] : [[id, label] as const]))
    const here = models.filter(isHere)
    return {
      models: unique([...here, ...modelCatalog().filter(({ id }) => pulledModel(id) !== null)]),
      absent: unique(models.filter((model) => !here.includes(model))),
      tasks: unique([...tasks, ...[...builtinTaskIds, ...furtherIds()].map((id) => ({ id }))]),
      labels: Object.fromEntries(labels),
      prompts: unique([...prompts, ...builtinTemplates]),
      vectors: libraryNames(),
      demonstrations,
      prompt,
    }
  }

  /** Errors: MODEL, TASK, USAGE; ZodError if the question is malformed. */
  async ask(given: unknown): Promise<PredictAnswer> {
    const { sweep, model, ...rest } = asked.parse(given)
    const own = this.#own(sweep)
    const named = own.prompts.find(({ id }) => id === rest.template)
    const request = predictRequest.parse({ ...rest, ...(named ? { template: named } : {}) })
    const ref = own.models.find(({ id }) => id === model) ?? { id: model }
    const path = locateModel(ref)
    if (this.#waiting >= mostWaiting)
      throw new TaskvecError('USAGE', 'several questions are being answered already')
    this.#waiting++
    const answered = this.#busy.then(async () => {
      clearTimeout(this.#timer)
      const engine = await this.#engine(path, own.mode)
      const taskOf = (id: string): TaskSpec =>
        own.tasks.find((task) => task.id === id) ?? { kind: 'builtin', id }
      const found = await answer(engine, request, (name) => pickVectors(name, namedVectors), taskOf)
      this.#timer = setTimeout(() => void this.close(), idle).unref()
      return found
    })
    this.#busy = answered.catch(() => undefined).finally(() => this.#waiting--)
    return answered
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#loaded?.engine.close()
    this.#loaded = null
  }

  #own(wanted: string | undefined): Own {
    if (wanted === undefined) return nobody
    const sweep = findSweep(this.db, wanted)
    const { models = [], tasks = [], mode = {} } = JSON.parse(sweep.config) as Partial<SweepConfig>
    const { demonstrations, prompt } = sweep.protocol
    const prompts = settingsOfGroup(this.db, sweep).flatMap(({ protocol }) => protocol.prompt ?? [])
    return { models, tasks, prompts, mode, demonstrations, prompt: promptName(prompt) }
  }

  async #engine(path: string, mode: EngineMode): Promise<EngineProcess> {
    const key = JSON.stringify([path, mode])
    if (this.#loaded?.key === key && this.#loaded.engine.alive) return this.#loaded.engine
    await this.close()
    const engine = await startEngineProcess(path, { mode })
    this.#loaded = { key, engine }
    return engine
  }
}

function isHere(model: ModelRef): boolean {
  try {
    locateModel(model)
    return true
  } catch {
    return false
  }
}

function unique(named: readonly { readonly id: string }[]): string[] {
  return [...new Set(named.map(({ id }) => id))]
}
