import { fork } from 'node:child_process'
import { TaskvecError } from '../src/domain/errors.js'
import { analyses } from '../src/experiments/catalog.js'
import type { AnalysisInput } from '../src/experiments/experiment.js'
import { built } from '../src/system/built.js'
import { mappingFailures } from './failures.js'
import { heartbeating } from './heartbeat.js'
import { timed } from './timed.js'

export type AnalysisActivities = Record<string, (input: AnalysisInput) => Promise<object>>

export interface Analysis extends AnalysisInput {
  readonly db: string
  readonly activity: string
}

export type AnalysisAnswer = { readonly result: object } | { readonly failure: { readonly message: string } }

/**
 * Analyses of stored θ, which run beside the database and read it themselves, since θ are too large for payloads. Each has a process
 * of its own: some take minutes, and must not block the writer's event loop.
 */
export function createAnalysisActivities(db: string): AnalysisActivities {
  const run = (activity: string) => (input: AnalysisInput) =>
    mappingFailures(() =>
      heartbeating((_, signal) => timed(() => inProcess({ ...input, db, activity }, signal))),
    )
  return Object.fromEntries(Object.keys(analyses).map((activity) => [activity, run(activity)]))
}

async function inProcess(analysis: Analysis, signal: AbortSignal): Promise<object> {
  const child = fork(built('analysis-process.js'), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const stop = () => void child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(failed(analysis, cause.message)))
      child.once('exit', (code, by) => reject(failed(analysis, `ended with ${by ?? `exit code ${code}`}`)))
      child.once('message', (answer: AnalysisAnswer) =>
        'result' in answer
          ? resolve(answer.result)
          : reject(new TaskvecError('STORE', `${analysis.activity}: ${answer.failure.message}`)),
      )
      child.send(analysis)
    })
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

function failed({ activity }: Analysis, how: string): TaskvecError {
  return new TaskvecError('ENGINE', `the process of the analysis ${activity} ${how}`, {
    hint: 'It will be retried.',
  })
}
