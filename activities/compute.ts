import { hostname } from 'node:os'
import { layerChunks, resolveLayers } from '../src/domain/layers.js'
import { TaskvecError } from '../src/domain/errors.js'
import { predictionSize } from '../src/domain/payloads.js'
import { numericsJson } from '../src/domain/identity.js'
import { boundNumerics, type EngineMode } from '../src/domain/numerics.js'
import type { GivenTheta, ModelContent, Pair, Protocol, Scoring } from '../src/domain/types.js'
import type { Engine, EvaluateOptions, EvaluatePart } from '../src/engine/engine.js'
import { forwardPasses } from '../src/experiments/catalog.js'
import { runBaseline, runDev, runTest, type Outcome } from '../src/experiments/main/main-experiment.js'
import { givenTheta } from '../src/experiments/given-theta.js'
import { withChatPrompts } from '../src/experiments/chat-prompts.js'
import { prepareTask } from '../src/experiments/prepare-task.js'
import { toBase64 } from '../src/experiments/thetas.js'
import { formatOf } from '../src/prompt/templates.js'
import { beginningsOf } from '../src/tasks/first-token.js'
import { markPairs } from '../src/tasks/read-list.js'
import type { Encoder } from '../src/tasks/single-token.js'
import type { EnginePool } from './engine-pool.js'
import { refuseOther, refuseOtherContent } from './refuse-other.js'
import { timed } from './timed.js'
import { engineUser, type ComputeObserver } from './with-engine.js'
import type { PrepareInput, Prepared, PairsRead, RunInput, Computed } from './compute-inputs.js'

/** Activities that prepare tasks and run the main experiment. */
export type ComputeActivities = ReturnType<typeof createComputeActivities>['main']

/** Activities of the further experiments, by name. */
export type ExperimentActivities = Record<string, (input: object) => Promise<object>>

/** Activities that run forward passes on workers that have the model. They never access the database. */
export function createComputeActivities(pool: Pick<EnginePool, 'use'>, observer: ComputeObserver = {}) {
  const withEngine = engineUser(pool, observer)

  function run(
    input: RunInput & { readonly layers?: readonly number[] },
    phase: string,
    work: (engine: Engine, options: EvaluateOptions) => Promise<Outcome>,
    layer?: number,
  ): Promise<Computed> {
    const compute = async (engine: Engine, options: EvaluateOptions): Promise<Computed> => {
      refuseOther(input, engine)
      const { runs, seconds, theta, thetaSum } = await work(engine, options)
      const computedBy = `${hostname()} ${process.pid}`
      return {
        runs,
        seconds,
        computedBy,
        ...(theta && layer !== undefined ? { theta: { layer, base64: toBase64(theta) } } : {}),
        ...(thetaSum ? { thetaSum: toBase64(thetaSum) } : {}),
      }
    }
    const { model, task, layers } = input
    return withEngine({ model, task, phase, ...(layers ? { layers } : {}) }, compute, input.mode)
  }

  const further = Object.values(forwardPasses).map((passes) => [
    passes.activity,
    (input: Pick<RunInput, 'model' | 'modelHash' | 'numerics' | 'task' | 'mode'>) => {
      const compute = (engine: Engine, options: EvaluateOptions) => {
        refuseOther(input, engine)
        return timed(() => passes.run(engine, input, options))
      }
      return withEngine({ model: input.model, task: input.task, phase: passes.label }, compute, input.mode)
    },
  ])

  const main = {
    /** The content of the model on this worker. Errors: WORKER if it is not what the sweep expects. */
    describeModel: ({
      model,
      expected,
      mode,
    }: {
      model: string
      expected: ModelContent | null
      mode?: EngineMode
    }): Promise<ModelContent> => {
      const describe = async (engine: Engine): Promise<ModelContent> => {
        if (expected && expected.hash !== engine.info.modelHash)
          throw new TaskvecError(
            'WORKER',
            `${hostname()}: the files of ${model} are not those that the sweep started with`,
          )
        refuseOtherContent(model, expected ?? undefined, engine)
        const numerics = boundNumerics(engine.info.numerics, expected?.numerics)
        return { hash: engine.info.modelHash, numerics: numericsJson(numerics) }
      }
      return withEngine({ model, task: '', phase: 'load' }, describe, mode)
    },

    prepareTask: ({
      model,
      spec,
      protocol,
      layers,
      layersPerActivity,
      content,
      mode,
    }: PrepareInput): Promise<Prepared> => {
      const prepare = async (engine: Engine): Promise<Prepared> => {
        refuseOtherContent(model, content, engine)
        const chosen = resolveLayers(layers, engine.info.blocks, model)
        // Refuses a θ that does not fit, before anything is computed.
        given(spec.theta, chosen, engine)
        const prepared = await prepareTask(engine, spec, protocol)
        const chunks = layerChunks(
          chosen,
          layersPerActivity,
          prepared.items.dev.length,
          predictionSize(protocol.answer),
        )
        return { info: engine.info, prepared, layerChunks: chunks }
      }
      return withEngine({ model, task: spec.id, phase: 'prepare' }, prepare, mode)
    },

    /** How the tokenizer reads some pairs of a large task. */
    readPairs: ({
      model,
      task,
      pairs,
      singleToken,
      scoring,
      protocol,
      content,
      mode,
    }: {
      model: string
      task: string
      pairs: readonly Pair[]
      singleToken: boolean
      scoring: Scoring
      protocol?: Pick<Protocol, 'prompt' | 'paired'>
      content?: ModelContent
      mode?: EngineMode
    }): Promise<PairsRead> => {
      const read = async (engine: Engine) => {
        refuseOtherContent(model, content, engine)
        const { unknownToken } = engine.info
        const encode: Encoder['encode'] = (texts, options) => engine.encode(texts, options)
        const answers = scoring === 'prefix' ? pairs.map(({ output }) => output) : []
        const prompts = protocol && (await withChatPrompts(engine, protocol))
        const { partial } = await beginningsOf(answers, engine, formatOf(prompts?.prompt))
        return {
          info: engine.info,
          marks: {
            ...(await markPairs(pairs, singleToken, { encode, unknownToken }, prompts)),
            ...(prompts?.prompt ? { prompt: prompts.prompt } : {}),
          },
          partial,
        }
      }
      return withEngine({ model, task, phase: 'prepare' }, read, mode)
    },

    runBaseline: (input: RunInput): Promise<Computed> =>
      run(input, 'baseline', (engine, options) =>
        runBaseline(engine, input.items, input.scoring, options, partOf(input)),
      ),

    runDev: (input: RunInput & { readonly layers: readonly number[] }): Promise<Computed> =>
      run(input, 'dev', (engine, options) =>
        runDev(
          engine,
          input.items,
          input.scoring,
          input.layers,
          options,
          partOf(input),
          given(input.theta, input.layers, engine),
        ),
      ),

    runTest: (input: RunInput & { readonly bestLayer: number }): Promise<Computed> =>
      run(
        input,
        'test',
        (engine, options) =>
          runTest(
            engine,
            input.items,
            input.scoring,
            input.bestLayer,
            options,
            partOf(input),
            given(input.theta, [input.bestLayer], engine),
          ),
        input.bestLayer,
      ),
  }
  return { main, further: Object.fromEntries(further) as ExperimentActivities }
}

function given(theta: GivenTheta | undefined, layers: readonly number[], { info }: Engine) {
  return theta && givenTheta(theta, layers, info.dModel)
}

/** A part in the form that engines take. */
function partOf({ part }: Pick<RunInput, 'part'>): EvaluatePart | undefined {
  if (!part?.thetaSum) return part && { first: part.first, of: part.of }
  const bytes = Buffer.from(part.thetaSum, 'base64')
  const thetaSum = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  return { first: part.first, of: part.of, thetaSum }
}
