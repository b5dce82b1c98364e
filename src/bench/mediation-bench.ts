import type { Item } from '../domain/types.js'
import type { ComponentsResult } from '../engine/components.js'
import { startEngineProcess, type EngineProcess } from '../engine/engine-process.js'
import { mediationEffects, type Effect } from '../experiments/mediation/forward-passes.js'
import { prepareTask } from '../experiments/prepare-task.js'
import { promptsOf } from '../experiments/prompts.js'
import { withShuffledLabels } from '../experiments/shuffled-labels.js'
import { processorSeconds } from '../system/process-table.js'
import { pinning } from './cores.js'
import { runPeer } from './peers.js'

export interface MediationBenchOptions {
  readonly model: string
  /** Its folder or GGUF file. */
  readonly path: string
  readonly task: string
  /** Prompts with shuffled labels, and as many clean ones. */
  readonly items: number
  /** As in `BenchOptions`. */
  readonly python: string | null
  readonly log: (line: string) => void
}

/** The indirect effects of all heads for one task, on one core: in one pass, and by one forward pass per head and prompt. */
export interface MediationReport {
  readonly model: string
  readonly task: string
  readonly items: number
  readonly heads: number
  readonly seconds: number
  readonly processorSeconds: number
  readonly gflops: number
  readonly peer: {
    /** Number of forward passes that were timed, and that all heads and prompts would take. */
    readonly timed: number
    readonly of: number
    /** Processor time for all: the clean prompts, plus the mean of the timed passes times their number. */
    readonly processorSeconds: number
    /** Processor seconds over those of the one pass. */
    readonly ratio: number
    /** Largest difference between effects, among those timed. */
    readonly largestDifference: number
  } | null
}

/** bench/mediation_method.py times every this many heads, on the first prompt only. */
const every = 10

interface PeerTimes {
  readonly cleanSeconds: number
  readonly passSeconds: readonly number[]
  readonly effects: readonly { readonly layer: number; readonly head: number; readonly effect: number }[]
}

export async function benchMediation(options: MediationBenchOptions): Promise<MediationReport> {
  const { model, path, task, items: count, python, log } = options
  const { prefix, pin } = await pinning()
  const engine = await startEngineProcess(path)
  try {
    await pin(engine.pid, 0)
    const { clean, shuffled } = await prepare(engine, task, count)
    let flops = 0
    const counting = {
      encode: engine.encode.bind(engine),
      async components(...request: Parameters<EngineProcess['components']>): Promise<ComponentsResult> {
        const result = await engine.components(...request)
        flops += result.flops
        return result
      },
    }
    const step = {
      model,
      modelHash: '',
      task,
      scoring: 'exact',
      clean,
      components: ['heads'],
      seed: 41,
    } as const
    const [start, used] = [performance.now(), processorSeconds(engine.pid)]
    const { effects } = await mediationEffects(counting, { ...step, items: shuffled }, {})
    const took = {
      seconds: (performance.now() - start) / 1000,
      processorSeconds: processorSeconds(engine.pid) - used,
    }
    const gflops = flops / took.processorSeconds / 1e9
    log(`one pass: ${took.seconds.toFixed(1)} s, ${took.processorSeconds.toFixed(1)} of processor time`)
    const report = { model, task, items: shuffled.length, heads: effects.length, ...took, gflops }
    if (python === null) return { ...report, peer: null }

    const ofFirst = await mediationEffects(engine, { ...step, items: shuffled.slice(0, 1) }, {})
    const asked = async (items: readonly Item[]) =>
      (await promptsOf(engine, items)).map(({ regular, answerToken }) => ({
        tokens: regular,
        answer: answerToken,
      }))
    log(`a forward pass per head: every ${every}th head, the first prompt …`)
    const job = { model: path, every, clean: await asked(clean), shuffled: await asked(shuffled.slice(0, 1)) }
    const times = await runPeer<PeerTimes>(python, 'mediation_method.py', job, prefix)
    return { ...report, peer: compared(times, ofFirst.effects, report) }
  } finally {
    await engine.close()
  }
}

function compared(
  { cleanSeconds, passSeconds, effects }: PeerTimes,
  ours: readonly Effect[],
  { items, heads, processorSeconds }: Pick<MediationReport, 'items' | 'heads' | 'processorSeconds'>,
): MediationReport['peer'] {
  const of = items * heads
  const mean = passSeconds.reduce((a, b) => a + b, 0) / passSeconds.length
  const all = cleanSeconds + mean * of
  const found = (layer: number, head: number) =>
    ours.find((effect) => effect.layer === layer && effect.head === head)?.effect ?? NaN
  return {
    timed: passSeconds.length,
    of,
    processorSeconds: all,
    ratio: all / processorSeconds,
    largestDifference: Math.max(
      ...effects.map(({ layer, head, effect }) => Math.abs(effect - found(layer, head))),
    ),
  }
}

async function prepare(engine: EngineProcess, task: string, count: number) {
  const { items } = await prepareTask(
    engine,
    { kind: 'builtin', id: task },
    {
      seed: 41,
      demonstrations: 5,
      dummyQueries: 1,
      dummyMayBeDemonstration: true,
      devItems: count,
      testItems: 1,
      baselineItems: 1,
    },
  )
  return { clean: items.dev, shuffled: withShuffledLabels(items.dev, 41, task) }
}
