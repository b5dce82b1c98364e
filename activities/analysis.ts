import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TaskvecError } from '../src/domain/errors.js'
import type { AnalysisInput, AnalysisSteps } from '../src/domain/experiments.js'
import { mappingFailures } from './failures.js'
import { heartbeating } from './heartbeat.js'
import { timed } from './timed.js'

export type AnalysisActivities = {
  [Name in keyof AnalysisSteps]: (input: AnalysisInput) => Promise<AnalysisSteps[Name]['result']>
}

export interface Analysis extends AnalysisInput {
  readonly db: string
  readonly activity: keyof AnalysisSteps
}

export type AnalysisAnswer =
  | { readonly result: AnalysisSteps[keyof AnalysisSteps]['result'] }
  | { readonly failure: { readonly message: string } }

/**
 * Computations on stored θ, beside the database: they read it themselves, since θ are too large for payloads. A process
 * each: some take minutes, and the writer's event loop must not wait.
 */
export function createAnalysisActivities(db: string): AnalysisActivities {
  const run = <Result extends object>(activity: keyof AnalysisSteps, input: AnalysisInput): Promise<Result> =>
    mappingFailures(() =>
      heartbeating((_, signal) =>
        timed(() => inProcess({ ...input, db, activity }, signal) as Promise<Result>),
      ),
    )
  return {
    separateTasks: (input) => run('separateTasks', input),
    decodeTasks: (input) => run('decodeTasks', input),
  }
}

async function inProcess(analysis: Analysis, signal: AbortSignal): Promise<unknown> {
  const typescript = import.meta.url.endsWith('.ts')
  const entry = fileURLToPath(
    new URL(typescript ? './analysis-process.ts' : './analysis-process.js', import.meta.url),
  )
  const child = fork(entry, [], {
    serialization: 'advanced',
    execArgv: typescript ? ['--import', import.meta.resolve('tsx')] : [],
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
