import { hostname } from 'node:os'
import { activityInfo } from '@temporalio/activity'
import { layerChunks, resolveLayers, type LayerSelection } from '../src/domain/layers.js'
import { TaskvecError } from '../src/domain/errors.js'
import { predictionSize } from '../src/domain/payloads.js'
import { canonicalJson } from '../src/domain/identity.js'
import {
  boundNumerics,
  kernelsOf,
  numericsDifference,
  otherProcessorHint,
  type EngineMode,
} from '../src/domain/numerics.js'
import type {
  GivenTheta,
  Item,
  ModelContent,
  ModelInfo,
  Pair,
  PreparedTask,
  Protocol,
  RunResult,
  Scoring,
  TaskSpec,
} from '../src/domain/types.js'
import type { Engine, EvaluateOptions, EvaluatePart } from '../src/engine/engine.js'
import { forwardPasses } from '../src/experiments/catalog.js'
import { runBaseline, runDev, runTest, type Outcome } from '../src/experiments/main/main-experiment.js'
import { givenTheta } from '../src/experiments/given-theta.js'
import { prepareTask } from '../src/experiments/prepare-task.js'
import { toBase64 } from '../src/experiments/thetas.js'
import { formatOf } from '../src/prompt/templates.js'
import type { TaskPart } from '../src/store/task-work.js'
import { beginningsOf } from '../src/tasks/first-token.js'
import { markPairs, type PairMarks } from '../src/tasks/read-list.js'
import type { Encoder } from '../src/tasks/single-token.js'
import type { EnginePool } from './engine-pool.js'
import { mappingFailures } from './failures.js'
import { timed } from './timed.js'
import { heartbeating } from './heartbeat.js'

/** Those of the main experiment and of making tasks ready. */
export type ComputeActivities = ReturnType<typeof createComputeActivities>['main']
/** Those of the further experiments, by name. */
export type ExperimentActivities = Record<string, (input: object) => Promise<object>>

export interface PrepareInput {
  readonly model: string
  readonly spec: TaskSpec
  readonly protocol: Protocol
  readonly layers: LayerSelection
  readonly layersPerActivity: number | 'all'
  /** What the sweep's results of the model are of, where that is settled. */
  readonly content?: ModelContent
  readonly mode?: EngineMode
}

export interface Prepared {
  readonly info: ModelInfo
  readonly prepared: PreparedTask
  /** The layers of the sweep for this model, cut into the chunks that one activity computes. */
  readonly layerChunks: readonly (readonly number[])[]
}

/** What a model's tokenizer makes of some pairs. */
interface PairsRead {
  readonly info: ModelInfo
  readonly marks: PairMarks
  /** Answers that begin with part of a character, where it matters. */
  readonly partial: number
}

interface RunInput {
  readonly model: string
  /** What the model was when its tasks were prepared: other weights under the same id are refused. */
  readonly modelHash: string
  /** And its numeric set-up, canonical JSON. */
  readonly numerics?: string
  readonly task: string
  readonly items: readonly Item[]
  readonly scoring: Scoring
  readonly mode?: EngineMode
  /** Where the config gives θ. */
  readonly theta?: GivenTheta
  /** Where the items are some of a larger split. */
  readonly part?: TaskPart['part']
}

export interface Computed {
  readonly runs: readonly RunResult[]
  readonly seconds: number
  readonly computedBy: string
  readonly theta?: { readonly layer: number; readonly base64: string }
  /** Of a part: see `TaskPart`. */
  readonly thetaSum?: string
}

export interface ComputeObserver {
  /** An activity got its engine, `waitedMs` after it was handed to this worker. */
  readonly onBegin?: (work: WorkPlace, waitedMs: number) => void
  /** Work of this worker: a share of an activity done, 1 when it ended. */
  readonly onProgress?: (work: Work) => void
}

/** What an activity computes, and which attempt of which activity it is. */
export interface WorkPlace {
  readonly model: string
  readonly task: string
  readonly phase: string
  /** Of a chunk of dev cells. */
  readonly layers?: readonly number[]
  readonly activity: {
    readonly workflowId: string
    readonly runId: string
    readonly activityId: string
    readonly attempt: number
  }
}

/** One activity under way. */
export interface Work extends WorkPlace {
  readonly fraction: number
}

/** Activities that run forward passes, on the workers that have the model. They never see the database. */
export function createComputeActivities(
  pool: Pick<EnginePool, 'use'>,
  { onBegin, onProgress }: ComputeObserver = {},
) {
  function withEngine<T>(
    what: Omit<WorkPlace, 'activity'>,
    work: (engine: Engine, options: EvaluateOptions) => Promise<T>,
    mode?: EngineMode,
  ): Promise<T> {
    const { workflowExecution, activityId, attempt } = activityInfo()
    const { workflowId = '', runId = '' } = workflowExecution ?? {}
    const place = { ...what, activity: { workflowId, runId, activityId, attempt } }
    const handed = performance.now()
    return mappingFailures(async () => {
      const result = await heartbeating((report, signal) =>
        pool.use(
          what.model,
          signal,
          (engine) => {
            onBegin?.(place, Math.round(performance.now() - handed))
            return work(engine, {
              signal,
              onProgress: (fraction) => {
                report(fraction)
                if (fraction < 1) onProgress?.({ ...place, fraction })
              },
            })
          },
          mode,
        ),
      )
      onProgress?.({ ...place, fraction: 1 })
      return result
    })
  }

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
    /** What the model is here. Errors: WORKER where it is not what the sweep expects. */
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
        if (expected && expected.hash !== engine.info.contentHash)
          throw new TaskvecError(
            'WORKER',
            `${hostname()}: the files of ${model} are not those that the sweep began with`,
          )
        if (expected) refuseOther({ model, modelHash: expected.hash, numerics: expected.numerics }, engine)
        const numerics = boundNumerics(engine.info.numerics, expected?.numerics)
        return { hash: engine.info.contentHash, numerics: canonicalJson(numerics) }
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
        if (content) refuseOther({ model, modelHash: content.hash, numerics: content.numerics }, engine)
        const chosen = resolveLayers(layers, engine.info.blocks, model)
        // Refused before anything is computed.
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

    /** What the tokenizer makes of some pairs of a large task. */
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
        if (content) refuseOther({ model, modelHash: content.hash, numerics: content.numerics }, engine)
        const { unknownToken } = engine.info
        const encode: Encoder['encode'] = (texts, options) => engine.encode(texts, options)
        const answers = scoring === 'prefix' ? pairs.map(({ output }) => output) : []
        const { partial } = await beginningsOf(answers, engine, formatOf(protocol?.prompt))
        return {
          info: engine.info,
          marks: await markPairs(pairs, singleToken, { encode, unknownToken }, protocol),
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

/** A part as engines take it. */
function partOf({ part }: Pick<RunInput, 'part'>): EvaluatePart | undefined {
  if (!part?.thetaSum) return part && { first: part.first, of: part.of }
  const bytes = Buffer.from(part.thetaSum, 'base64')
  const thetaSum = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  return { first: part.first, of: part.of, thetaSum }
}

function refuseOther(
  { model, modelHash, numerics }: Pick<RunInput, 'model' | 'modelHash' | 'numerics'>,
  engine: Engine,
): void {
  const { contentHash } = engine.info
  const here = canonicalJson(boundNumerics(engine.info.numerics, numerics))
  if (numerics !== undefined && numerics !== here) {
    const difference = numericsDifference(here, numerics)
    throw new TaskvecError(
      'WORKER',
      kernelsOf(here) === kernelsOf(numerics)
        ? `${hostname()}: ${model} would be computed with other numerics than the sweep's (${difference})`
        : `${hostname()}: another kind of processor than the one that the sweep's results of ${model} come from (${difference})`,
      {
        hint:
          kernelsOf(here) === kernelsOf(numerics)
            ? 'Give this worker the same memory, device and taskvec version as the others, or leave the model to them.'
            : otherProcessorHint,
      },
    )
  }
  if (contentHash === modelHash) return
  throw new TaskvecError(
    'MODEL',
    `${hostname()}: the weights of ${model} differ from those the sweep started with (${contentHash.slice(0, 12)}, not ${modelHash.slice(0, 12)})`,
    {
      hint: 'Give every worker the same files: taskvec models pull, taskvec models check.',
    },
  )
}
