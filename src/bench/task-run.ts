import type { Item, RunResult, Scoring } from '../domain/types.js'
import type { EvaluateRequest } from '../engine/engine.js'
import { type RunningEngine } from '../experiments/prompts.js'
import { runDev, runTest } from '../experiments/main/main-experiment.js'
import { processorSeconds } from '../system/process-table.js'
import type { Predicted } from './peers.js'

/** The work that is timed: a task's items, dev over all L, then test at the best L. */
export interface Work {
  readonly dev: readonly Item[]
  readonly test: readonly Item[]
  readonly scoring: Scoring
  readonly layers: readonly number[]
}

export interface TaskRun extends Predicted {
  /** Inside the engine. */
  readonly seconds: number
  /** Processor time of the engine process, or of the busiest of several: what `seconds` would be on an idle machine. */
  readonly processorSeconds: number
  readonly flops: number
}

/**
 * The main experiment's own functions; the route, the operation count and the time are added around the engine.
 * @param pids the engine's process, or those of which it is made
 */
export async function runTask(
  engine: RunningEngine,
  pids: readonly number[],
  { dev, test, scoring, layers }: Work,
  { route, fixedLayer }: { route?: EvaluateRequest['route']; fixedLayer?: number } = {},
): Promise<TaskRun> {
  let flops = 0
  const before = pids.map(processorSeconds)
  const counting: RunningEngine = {
    encode: engine.encode.bind(engine),
    decode: engine.decode.bind(engine),
    decodeAll: engine.decodeAll.bind(engine),
    async evaluate(request) {
      const result = await engine.evaluate({ ...request, ...(route ? { route } : {}) })
      flops += result.flops ?? 0
      return result
    },
  }
  const devOutcome = await runDev(counting, dev, scoring, layers)
  const bestLayer = fixedLayer ?? bestOf(devOutcome.runs)
  const testOutcome = await runTest(counting, test, scoring, bestLayer)
  const tokensOf = (kind: RunResult['kind']) =>
    testOutcome.runs.find((run) => run.kind === kind)?.predictions.tokens ?? []
  return {
    seconds: devOutcome.seconds + testOutcome.seconds,
    processorSeconds: Math.max(...pids.map((pid, i) => processorSeconds(pid) - (before[i] as number))),
    flops,
    bestLayer,
    dev: dev.map((_, item) => devOutcome.runs.map((run) => run.predictions.tokens[item] as number)),
    regular: tokensOf('regular'),
    hypothesis: tokensOf('hypothesis'),
  }
}

function bestOf(runs: readonly RunResult[]): number {
  const right = (run: RunResult) => run.predictions.correct.filter(Boolean).length
  return runs.reduce((best, run) => (right(run) > right(best) ? run : best)).layer as number
}
