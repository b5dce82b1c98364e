import type { Field } from '../api.js'
import type { FieldPlace } from './heat-map.jsx'
import { Items } from './items.jsx'
import { useAnswer } from './server.js'

/** What a click on the heat map opens: the by-layer curve as it grows, and the items. */
export function Cell({
  sweep,
  place,
  field,
  changes,
}: {
  sweep: string
  place: FieldPlace
  field: Field | undefined
  changes: number | null
}) {
  const { model, task } = place
  const curve = useAnswer<{ svg: string }>(
    `sweeps/${encodeURIComponent(sweep)}/by-layer`,
    { model, task },
    changes,
  )
  return (
    <section aria-label="chosen task">
      <h2>
        {task} <small>{model}</small>
      </h2>
      {curve.value?.svg ? (
        // The server's own drawing; texts in it are escaped there.
        <figure class="curve" dangerouslySetInnerHTML={{ __html: curve.value.svg }} />
      ) : (
        <p>{curve.error ?? 'No cell is there yet.'}</p>
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
      <Items sweep={sweep} place={place} bestLayer={field?.bestLayer ?? null} changes={changes} />
    </section>
  )
}
