import { activityInfo } from '@temporalio/activity'
import type { EngineMode } from '../src/domain/numerics.js'
import type { Engine, EvaluateOptions } from '../src/engine/engine.js'
import type { EnginePool } from './engine-pool.js'
import { mappingFailures } from './failures.js'
import { heartbeating } from './heartbeat.js'

export interface ComputeObserver {
  /** Called before computing; rejects if no process is running the workflow's sweep. */
  readonly admit?: (workflowId: string) => Promise<void>
  /** Called when an activity gets its engine, `waitedMs` after this worker received it. */
  readonly onBegin?: (work: WorkPlace, waitedMs: number) => void
  /** Progress of this worker's activities, 0 to 1; 1 when one has ended. */
  readonly onProgress?: (work: Work) => void
}

/** What an activity computes, and its identity and attempt. */
export interface WorkPlace {
  readonly model: string
  readonly task: string
  readonly phase: string
  /** The layers of a chunk of dev cells. */
  readonly layers?: readonly number[]
  readonly activity: {
    readonly workflowId: string
    readonly runId: string
    readonly activityId: string
    readonly attempt: number
  }
}

/** An activity in progress. */
export interface Work extends WorkPlace {
  readonly fraction: number
}

/** Returns a function that runs an activity's work on an engine of the pool, with heartbeats, progress and mapped failures. */
export function engineUser(pool: Pick<EnginePool, 'use'>, { admit, onBegin, onProgress }: ComputeObserver) {
  return function withEngine<T>(
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
          async (engine) => {
            await admit?.(workflowId)
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
}
