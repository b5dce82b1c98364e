import { Runtime } from '@temporalio/worker'
import { residentBytes } from '../system/process-table.js'

/** How often engines are looked at, ms. */
const every = 2000

interface Pool {
  readonly pids: readonly number[]
}

/**
 * taskvec's own metrics, beside those that Temporal's SDK counts by itself (`temporal_*`: polls, latencies, failures, slots),
 * where `--metrics` opened a place to read them:
 *
 * - `taskvec_activities_done`: activities on engines that ended well, by model and phase
 * - `taskvec_engines`: engine processes that live
 * - `taskvec_engine_resident_bytes`: what they hold together
 */
export function engineMetrics(pool: Pool): {
  readonly done: (work: { readonly model: string; readonly phase: string }) => void
  readonly stop: () => void
} {
  const meter = Runtime.instance().metricMeter
  const ended = meter.createCounter('taskvec_activities_done', '1', 'activities on engines that ended well')
  const engines = meter.createGauge('taskvec_engines', 'int', '1', 'engine processes that live')
  const resident = meter.createGauge('taskvec_engine_resident_bytes', 'int', 'By', 'what they hold together')
  const timer = setInterval(() => {
    engines.set(pool.pids.length)
    resident.set(pool.pids.reduce((sum, pid) => sum + residentBytes(pid), 0))
  }, every)
  return {
    done: ({ model, phase }) => ended.add(1, { model, phase }),
    stop: () => clearInterval(timer),
  }
}
