import { numericsModes, type NumericsMode } from '../domain/numerics.js'
import type { Item, PromptTemplate, Protocol, Scoring } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import { startEngineProcess, type EngineProcess } from '../engine/engine-process.js'
import { measurePeakGflops } from '../engine/measure-peak.js'
import { promptsOf } from '../experiments/prompts.js'
import { prepareTask } from '../experiments/prepare-task.js'
import { peakResidentBytes } from '../system/process-table.js'
import { cut, isCorrect, readScoring } from '../tasks/scoring.js'
import { pinning, sharedBetween } from './cores.js'
import { runPeer, type PeerItem, type PeerJob, type Predicted, type Took } from './peers.js'
import { runTask, type TaskRun, type Work } from './task-run.js'

export interface WorkOptions {
  readonly task: string
  readonly devItems: number
  readonly testItems: number
  readonly demonstrations: number
  /** Absent: the paper's. */
  readonly prompt?: PromptTemplate | undefined
}

export interface BenchOptions extends WorkOptions {
  readonly model: string
  /** Its folder or GGUF file. */
  readonly path: string
  /** Interleaved runs of each of taskvec's methods, and of the expert's loops; medians are reported. */
  readonly runs: number
  readonly plain: boolean
  readonly twoCores: boolean
  readonly approximate: boolean
  /** A Python with torch, transformers, accelerate and gguf; null: the PyTorch methods are left out. */
  readonly python: string | null
  readonly log: (line: string) => void
}

export const approximations = numericsModes.filter((mode) => mode !== 'f32')

/** Everything that is compared with the wavefront in f32 on one core. */
export const methods = [
  'twoCores',
  ...approximations,
  'plain',
  'publishedMethod',
  'expertMethod',
  'expertMethodBf16',
] as const
export type Method = (typeof methods)[number]
export type Part = 'dev' | 'regular' | 'hypothesis'

export interface Time {
  /** The median of `runs`. */
  readonly seconds: number
  /** The same for processor time (on two cores, that of the busier one), which excludes other work on the machine. */
  readonly processorSeconds: number
  readonly runs: Took
}

export interface Held extends Time {
  /** Processor seconds over those of the wavefront: above 1, the wavefront is faster. */
  readonly ratio: number
  /** The best L by its own dev predictions; `hypothesis` is at the wavefront's. */
  readonly bestLayer: number
  /** Number of its predictions that equal those of the wavefront. */
  readonly equal: Readonly<Record<Part, { readonly equal: number; readonly of: number }>>
}

export interface BenchReport {
  readonly task: string
  readonly model: string
  readonly pinned: boolean
  readonly wavefront: Time & {
    readonly bestLayer: number
    readonly gflops: number
    readonly peakRssMb: number | null
  }
  /** A 1024-cube f32 product on the same core, before each run of the wavefront: the median, by processor time. */
  readonly peakGflops: number
  readonly fractionOfPeak: number
  /** Null if it was not run. */
  readonly methods: Readonly<Record<Method, Held | null>>
}

/** Times one whole task, dev over all L and test at the best L, by every method, with the same items, in one run. */
export async function benchTask(options: BenchOptions): Promise<BenchReport> {
  const { log, path } = options
  const { prefix, pin } = await pinning()
  if (prefix.length === 0) log('taskset was not found: nothing is pinned to a core')
  const engines: EngineProcess[] = []
  const start = async (numerics: NumericsMode, core: number) => {
    const engine = await startEngineProcess(path, { mode: { numerics } })
    engines.push(engine)
    await pin(engine.pid, core)
    return engine
  }
  try {
    const engine = await start('f32', 0)
    const work = await preparedWork(engine, options)
    const runs = new Map<Method | 'wavefront', (Predicted & Took)[]>()
    const peaks: number[] = []
    let flops = 0

    const second = options.twoCores ? await start('f32', 1) : null
    const modes: [NumericsMode, EngineProcess][] = []
    for (const mode of options.approximate ? approximations : []) modes.push([mode, await start(mode, 0)])
    await pin(process.pid, 0)
    // Interleaved, so that other load on the machine affects all methods alike.
    for (let round = 0; round < options.runs; round++) {
      peaks.push(await measurePeakGflops())
      const run = await runTask(engine, [engine.pid], work)
      flops = run.flops
      keepRun('wavefront', run)
      const fixed = { fixedLayer: run.bestLayer }
      if (second) {
        const both = sharedBetween([engine, second])
        keepRun('twoCores', await runTask(both, [engine.pid, second.pid], work, fixed))
      }
      for (const [mode, approximate] of modes)
        keepRun(mode as Method, await runTask(approximate, [approximate.pid], work, fixed))
    }
    const mine = runs.get('wavefront')?.[0] as Predicted
    const time = timeOf('wavefront')
    const peakRssMb = peakResidentBytes(engine.pid) / 2 ** 20 || null

    if (options.plain) {
      log('plain route: a full forward pass for every prompt and every L …')
      const route = { route: 'plain', fixedLayer: mine.bestLayer } as const
      keepRun('plain', await runTask(engine, [engine.pid], work, route))
    }
    if (options.python !== null) {
      const job: Omit<PeerJob, 'dtype' | 'runs'> = {
        model: path,
        layer: mine.bestLayer,
        dev: await toPeer(engine, work.dev, work.scoring),
        test: await toPeer(engine, work.test, work.scoring),
      }
      const peers: [Method, string, PeerJob['dtype'], number][] = [
        ['publishedMethod', 'published_method.py', 'float32', 1],
        ['expertMethod', 'expert_method.py', 'float32', options.runs],
        ['expertMethodBf16', 'expert_method.py', 'bfloat16', options.runs],
      ]
      for (const [method, script, dtype, times] of peers)
        keep(
          method,
          await runPeer<Predicted & Took>(options.python, script, { ...job, dtype, runs: times }, prefix),
        )
    }

    function keepRun(method: Method | 'wavefront', run: TaskRun): void {
      keep(method, { ...run, seconds: [run.seconds], processorSeconds: [run.processorSeconds] })
    }
    function keep(method: Method | 'wavefront', run: Predicted & Took): void {
      runs.set(method, [...(runs.get(method) ?? []), run])
      log(
        `${method}: ${median(run.seconds).toFixed(2)} s, ${median(run.processorSeconds).toFixed(2)} of processor time`,
      )
    }
    function timeOf(method: Method | 'wavefront'): Time {
      const kept = runs.get(method) ?? []
      const took = {
        seconds: kept.flatMap(({ seconds }) => seconds),
        processorSeconds: kept.flatMap(({ processorSeconds }) => processorSeconds),
      }
      return { seconds: median(took.seconds), processorSeconds: median(took.processorSeconds), runs: took }
    }
    function held(method: Method): Held | null {
      const [theirs] = runs.get(method) ?? []
      if (!theirs) return null
      const took = timeOf(method)
      return {
        ...took,
        ratio: took.processorSeconds / time.processorSeconds,
        bestLayer: theirs.bestLayer,
        equal: {
          dev: equal(theirs.dev.flat(), mine.dev.flat()),
          regular: equal(theirs.regular, mine.regular),
          hypothesis: equal(theirs.hypothesis, mine.hypothesis),
        },
      }
    }

    const gflops = flops / time.processorSeconds / 1e9
    const peakGflops = median(peaks)
    return {
      task: options.task,
      model: options.model,
      pinned: prefix.length > 0,
      wavefront: { ...time, bestLayer: mine.bestLayer, gflops, peakRssMb },
      peakGflops,
      fractionOfPeak: gflops / peakGflops,
      methods: Object.fromEntries(methods.map((method) => [method, held(method)])) as BenchReport['methods'],
    }
  } finally {
    await Promise.all(engines.map((engine) => engine.close()))
  }
}

/** The items of a task. */
export async function preparedWork(engine: Engine, options: WorkOptions): Promise<Work> {
  const { task, devItems, testItems, demonstrations, prompt } = options
  const protocol: Protocol = {
    seed: 41,
    demonstrations,
    dummyQueries: 2,
    dummyMayBeDemonstration: true,
    devItems,
    testItems,
    baselineItems: 1,
    ...(prompt ? { prompt } : {}),
  }
  const { items, scoring } = await prepareTask(engine, { kind: 'builtin', id: task }, protocol)
  const layers = Array.from({ length: engine.info.blocks }, (_, layer) => layer)
  return { dev: items.dev, test: items.test, scoring, layers }
}

async function toPeer(engine: Engine, items: readonly Item[], scoring: Scoring): Promise<PeerItem[]> {
  const prompts = await promptsOf(engine, items)
  const texts = (await engine.decode(Array.from({ length: engine.info.vocab }, (_, token) => token))).map(
    (text) => cut(text),
  )
  return prompts.map(({ theta, bare, regular }, i) => {
    const { answer, accept } = items[i] as Item
    const right = texts.flatMap((prediction, token) =>
      isCorrect({ scoring: readScoring(scoring).rule, prediction, answer, accept }) ? [token] : [],
    )
    return { theta, bare, regular, right }
  })
}

function equal(theirs: readonly number[], ours: readonly number[]) {
  return { equal: ours.filter((token, i) => token === theirs[i]).length, of: ours.length }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] as number
}
