import type { Field, SweepView } from '../api.js'
import { accuracyOf, kinds, spelled } from './accuracy.jsx'
import type { FieldPlace } from './heat-map.jsx'
import { useAnswer } from './server.js'
import { TaskName } from './task-name.jsx'

/** The chosen field: its accuracies, and the by-layer curve as it grows. */
export function Cell({
  sweep,
  place,
  field,
  labels,
  warnings,
  changes,
}: {
  sweep: string
  place: FieldPlace
  field: Field | undefined
  labels: SweepView['labels']
  warnings: readonly string[]
  changes: number | null
}) {
  const { model, task } = place
  const curve = useAnswer<{ svg: string }>(
    `sweeps/${encodeURIComponent(sweep)}/by-layer`,
    { model, task },
    changes,
  )
  const accuracies = kinds.flatMap((kind) => {
    const accuracy = field && accuracyOf(field, kind)
    return accuracy ? [`${kind} ${spelled(accuracy)}`] : []
  })
  return (
    <section aria-label="chosen task">
      <h2>
        <TaskName labels={labels} task={task} /> <small>{model}</small>
      </h2>
      {accuracies.length > 0 && (
        <p>
          {accuracies.join('; ')}; best L {field?.bestLayer ?? 'none: zero at every L'}
        </p>
      )}
      {warnings.map((warning) => (
        <p key={warning} class="trouble">
          {warning}
        </p>
      ))}
      {curve.value?.svg ? (
        // Drawn by our server, which escapes its texts.
        <figure class="curve" dangerouslySetInnerHTML={{ __html: curve.value.svg }} />
      ) : (
        <p>{curve.error ?? 'No cells yet.'}</p>
      )}
      {field?.meanScores && (
        <p>
          Mean score of the graded scoring:{' '}
          {(['baseline', 'hypothesis', 'regular'] as const)
            .flatMap((kind) => {
              const mean = field.meanScores?.[kind] ?? null
              return mean === null ? [] : [`${kind} ${mean.toFixed(2)}`]
            })
            .join(', ')}
        </p>
      )}
    </section>
  )
}
