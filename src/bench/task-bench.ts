import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { prepareTask } from '../experiments/prepare-task.js'
import { promptsOf, runDev, runTest } from '../experiments/main-experiment.js'
import type { Item, Protocol, RunResult, Scoring } from '../domain/types.js'
import type { Engine, EvaluateRequest } from '../engine/engine.js'
import { startEngineProcess } from '../engine/engine-process.js'
import { measurePeakGflops } from '../engine/peak.js'
import { cut, isCorrect } from '../tasks/scoring.js'
import { findPython, runPeer, type PeerItem, type PeerResult } from './peers.js'

export interface BenchOptions {
  readonly model: string
  /** Its folder or GGUF file. */
  readonly path: string
  readonly task: string
  readonly devItems: number
  readonly testItems: number
  /** Repeated wavefront runs; the median counts. */
  readonly runs: number
  readonly plain: boolean
  readonly peers: boolean
  readonly python?: string | undefined
  readonly log: (line: string) => void
}

/** The methods that the wavefront is held against. */
type Method = 'plain' | 'publishedMethod' | 'expertMethod'
type Part = 'dev' | 'regular' | 'hypothesis'

/** How many of the wavefront's predictions are those of another method. */
interface Equal {
  readonly equal: number
  readonly of: number
}

export interface BenchReport {
  readonly task: string
  readonly model: string
  readonly threads: number
  readonly seconds: Record<'wavefront' | Method, number | null>
  /** Seconds of each over those of the wavefront. */
  readonly ratios: Record<Method, number | null>
  readonly gflops: number | null
  readonly peakGflops: number
  readonly fractionOfPeak: number | null
  readonly peakRssMb: number | null
  /** Share of predictions equal to the plain route's, or, where that was not run, the published method's. */
  readonly agreement: Record<Part, number | null>
  readonly equalPredictions: Record<Method, Record<Part, Equal> | null>
}

/** Times one whole task, dev over all L and test at the best L, by every method, on one core, with the same items. */
export async function benchTask(options: BenchOptions): Promise<BenchReport> {
  const { log } = options
  const pin = await pinning()
  const engine = await startEngineProcess(options.path)
  try {
    if (pin.length > 0) await execa('taskset', ['-a', '-cp', '0', String(engine.pid)])
    log(pin.length > 0 ? 'every method on core 0' : 'taskset is not here: methods are not pinned to one core')
    const prepared = await prepareTask(engine, { kind: 'builtin', id: options.task }, protocolOf(options))
    const { dev, test } = prepared.items
    const layers = Array.from({ length: engine.info.blocks }, (_, layer) => layer)

    const timed: WavefrontRun[] = []
    for (let run = 0; run < options.runs; run++)
      timed.push(await wavefront(engine, dev, test, prepared.scoring, layers))
    const ours = median(timed)
    log(`wavefront: ${ours.seconds.toFixed(2)} s`)
    const peakRssMb = peakRss(engine.pid)
    const peakGflops = await measurePeakOn(pin)

    const plain = options.plain
      ? await plainRoute(engine, dev, test, prepared.scoring, layers, ours.bestLayer, log)
      : null
    if (plain) log(`plain route: ${plain.seconds.toFixed(2)} s`)
    const python = options.peers ? await findPython(options.python) : null
    if (options.peers && !python)
      log('no Python with torch, transformers and gguf: the PyTorch methods are left out (--python PATH)')
    const peerItems = python
      ? ([await toPeer(engine, dev, prepared.scoring), await toPeer(engine, test, prepared.scoring)] as const)
      : null
    async function peer(name: string, script: string): Promise<PeerResult | null> {
      if (!python || !peerItems) return null
      const result = await runPeer(python, script, options.path, ...peerItems, pin)
      log(`${name}: ${result.seconds.toFixed(2)} s`)
      return result
    }
    const published = await peer('published method (torch f32)', 'published_method.py')
    const expert = await peer('expert’s torch loop (f32)', 'expert_method.py')

    const others = { plain: plain && toResult(plain), publishedMethod: published, expertMethod: expert }
    const gflops = ours.flops / ours.seconds / 1e9
    const mine = toResult(ours)
    const equalPredictions = mapValues(others, (other) => other && compare(mine, other))
    return {
      task: options.task,
      model: options.model,
      threads: engine.info.numerics.threads,
      seconds: {
        wavefront: ours.seconds,
        plain: plain?.seconds ?? null,
        publishedMethod: published?.seconds ?? null,
        expertMethod: expert?.seconds ?? null,
      },
      ratios: mapValues(others, (other) => (other ? other.seconds / ours.seconds : null)),
      gflops,
      peakGflops,
      fractionOfPeak: gflops / peakGflops,
      peakRssMb,
      agreement: shares(equalPredictions.plain ?? equalPredictions.publishedMethod),
      equalPredictions,
    }
  } finally {
    await engine.close()
  }
}

interface WavefrontRun {
  readonly seconds: number
  readonly flops: number
  readonly bestLayer: number
  readonly dev: readonly RunResult[]
  readonly test: readonly RunResult[]
}

/** The main experiment's own functions; `route` and the operations counted come from around the engine. */
async function wavefront(
  engine: Engine,
  dev: readonly Item[],
  test: readonly Item[],
  scoring: Scoring,
  layers: readonly number[],
  route: EvaluateRequest['route'] = 'wavefront',
  fixedLayer?: number,
): Promise<WavefrontRun> {
  let flops = 0
  const counting = {
    encode: engine.encode.bind(engine),
    decode: engine.decode.bind(engine),
    evaluate: async (request: EvaluateRequest) => {
      const result = await engine.evaluate({ ...request, ...(route ? { route } : {}) })
      flops += result.flops ?? 0
      return result
    },
  }
  const devOutcome = await runDev(counting, dev, scoring, layers)
  const bestLayer = fixedLayer ?? bestOf(devOutcome.runs)
  const testOutcome = await runTest(counting, test, scoring, bestLayer)
  return {
    seconds: devOutcome.seconds + testOutcome.seconds,
    flops,
    bestLayer,
    dev: devOutcome.runs,
    test: testOutcome.runs,
  }
}

function plainRoute(
  engine: Engine,
  dev: readonly Item[],
  test: readonly Item[],
  scoring: Scoring,
  layers: readonly number[],
  bestLayer: number,
  log: (line: string) => void,
): Promise<WavefrontRun> {
  log('plain route: a full forward pass for every prompt and every L …')
  return wavefront(engine, dev, test, scoring, layers, 'plain', bestLayer)
}

function bestOf(runs: readonly RunResult[]): number {
  const right = (run: RunResult) => run.predictions.correct.filter(Boolean).length
  return runs.reduce((best, run) => (right(run) > right(best) ? run : best)).layer as number
}

function toResult({ dev, test, bestLayer, seconds }: WavefrontRun): PeerResult {
  const items = dev[0]?.predictions.tokens.length ?? 0
  return {
    seconds,
    bestLayer,
    dev: Array.from({ length: items }, (_, item) => dev.map((run) => run.predictions.tokens[item] as number)),
    regular: test.find(({ kind }) => kind === 'regular')?.predictions.tokens ?? [],
    hypothesis: test.find(({ kind }) => kind === 'hypothesis')?.predictions.tokens ?? [],
  }
}

async function toPeer(engine: Engine, items: readonly Item[], scoring: Scoring): Promise<PeerItem[]> {
  const prompts = await promptsOf(engine, items)
  const texts = (await engine.decode(Array.from({ length: engine.info.vocab }, (_, token) => token))).map(cut)
  return prompts.map(({ theta, bare, regular }, i) => {
    const { answer, accept } = items[i] as Item
    const right = texts.flatMap((prediction, token) =>
      isCorrect({ scoring, prediction, answer, accept }) ? [token] : [],
    )
    return { theta, bare, regular, right }
  })
}

function compare(ours: PeerResult, theirs: PeerResult): Record<Part, Equal> {
  const equal = (a: readonly number[], b: readonly number[]) => ({
    equal: a.filter((token, i) => token === b[i]).length,
    of: a.length,
  })
  return {
    dev: equal(ours.dev.flat(), theirs.dev.flat()),
    regular: equal(ours.regular, theirs.regular),
    hypothesis: equal(ours.hypothesis, theirs.hypothesis),
  }
}

function shares(counts: Record<Part, Equal> | null): Record<Part, number | null> {
  const share = (part: Part) => counts && counts[part].equal / counts[part].of
  return { dev: share('dev'), regular: share('regular'), hypothesis: share('hypothesis') }
}

function protocolOf({ devItems, testItems }: BenchOptions): Protocol {
  return {
    seed: 41,
    demonstrations: 5,
    dummyQueries: 2,
    dummyMayBeDemonstration: true,
    devItems,
    testItems,
    baselineItems: 1,
  }
}

/** Prefix of a command that keeps it on core 0; empty where the system has none. */
async function pinning(): Promise<string[]> {
  const { exitCode } = await execa('taskset', ['-c', '0', 'true'], { reject: false })
  return exitCode === 0 ? ['taskset', '-c', '0'] : []
}

/** On the same core as everything else: this process is moved there for the measurement. */
async function measurePeakOn(pin: readonly string[]): Promise<number> {
  if (pin.length > 0) await execa('taskset', ['-a', '-cp', '0', String(process.pid)])
  return measurePeakGflops()
}

/** Peak resident memory of a process, MB; null where the system does not tell. */
function peakRss(pid: number): number | null {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return null // not Linux
  }
}

function median(runs: readonly WavefrontRun[]): WavefrontRun {
  return [...runs].sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)] as WavefrontRun
}

function mapValues<Key extends string, From, To>(
  record: Record<Key, From>,
  map: (value: From) => To,
): Record<Key, To> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, map(value as From)]),
  ) as Record<Key, To>
}
