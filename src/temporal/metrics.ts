import { Runtime } from '@temporalio/worker'
import { residentBytes } from '../system/process-table.js'

/** Interval between samples of the engines, ms. */
const every = 2000

interface Pool {
  readonly pids: readonly number[]
}

/**
 * taskvec's own metrics, exported with those of Temporal's SDK (`temporal_*`: polls, latencies, failures, slots) if `--metrics` is
 * given:
 *
 * - `taskvec_activities_done`: successful activities on engines, by model and phase
 * - `taskvec_engines`: running engine processes
 * - `taskvec_engine_resident_bytes`: their total resident memory
 */
export function engineMetrics(pool: Pool): {
  readonly done: (work: { readonly model: string; readonly phase: string }) => void
  readonly stop: () => void
} {
  const meter = Runtime.instance().metricMeter
  const ended = meter.createCounter('taskvec_activities_done', '1', 'successful activities on engines')
  const engines = meter.createGauge('taskvec_engines', 'int', '1', 'running engine processes')
  const resident = meter.createGauge(
    'taskvec_engine_resident_bytes',
    'int',
    'By',
    'resident memory of all engine processes',
  )
  const timer = setInterval(() => {
    engines.set(pool.pids.length)
    resident.set(pool.pids.reduce((sum, pid) => sum + residentBytes(pid), 0))
  }, every)
  return {
    done: ({ model, phase }) => ended.add(1, { model, phase }),
    stop: () => clearInterval(timer),
  }
}
