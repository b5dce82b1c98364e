import { activityInfo } from '@temporalio/activity'
import type { EngineMode } from '../src/domain/numerics.js'
import type { Engine, EvaluateOptions } from '../src/engine/engine.js'
import type { EnginePool } from './engine-pool.js'
import { mappingFailures } from './failures.js'
import { heartbeating } from './heartbeat.js'

export interface ComputeObserver {
  /** Rejects where a workflow's work is nobody's, before it is computed. */
  readonly admit?: (workflowId: string) => Promise<void>
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

/** Runs an activity's work on an engine of the pool: heartbeats, progress, and failures as Temporal is to see them. */
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
