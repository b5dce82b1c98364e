import { groupedWarnings } from '../../report/grouped-warnings.js'
import type { SweepView } from '../api.js'
import { labelled, TaskName } from './task-name.jsx'

export function Troubles({ view }: { view: SweepView }) {
  if (view.failures.length === 0 && view.warnings.length === 0) return null
  return (
    <section aria-label="failures and warnings">
      <h2>Failures and warnings</h2>
      <ul class="troubles">
        {view.failures.map(({ model, task, experiment, code, message, attempts, worker, log }) => (
          <li key={`${model} ${task} ${experiment}`} class="trouble">
            <strong>
              {model} <TaskName labels={view.labels} task={task} />
              {experiment === 'main' ? '' : ` ${experiment}`}
            </strong>
            : {code} after {attempts} attempt{attempts === 1 ? '' : 's'}
            {worker !== '' && ` on ${worker}`}
            <pre>{message}</pre>
            {log !== '' && (
              <details>
                <summary>last lines of its log</summary>
                <pre>{log}</pre>
              </details>
            )}
          </li>
        ))}
        {groupedWarnings(view.warnings).map(({ model, warning }) => (
          <li key={`${model} ${warning}`}>
            {model}: {labelled(view.labels, warning)}
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Workers({ view }: { view: SweepView }) {
  if (view.workers.length === 0) return null
  return (
    <section aria-label="workers">
      <h2>Workers of the last ten minutes</h2>
      <ul>
        {view.workers.map(({ computedBy, model, task, work, engineSeconds, finishedAt }) => (
          <li key={computedBy}>
            <code>{computedBy}</code>: {model}
            {task !== '' && ' '}
            <TaskName labels={view.labels} task={task} />, {work} ({engineSeconds.toFixed(1)} s), stored{' '}
            {finishedAt.slice(11, 19)} UTC
          </li>
        ))}
      </ul>
    </section>
  )
}
