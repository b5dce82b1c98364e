import { useState } from 'preact/hooks'
import type { ItemPage } from '../api.js'
import type { FieldPlace } from './heat-map.jsx'
import { useAnswer } from './server.js'

const splits = ['dev', 'test', 'baseline'] as const

/** What a click on the heat map opens: the by-layer curve as it grows, and the items with what was answered at each L. */
export function Cell({
  sweep,
  place,
  changes,
}: {
  sweep: string
  place: FieldPlace
  changes: number | null
}) {
  const [split, setSplit] = useState<(typeof splits)[number]>('dev')
  const [page, setPage] = useState(0)
  const base = `sweeps/${encodeURIComponent(sweep)}`
  const where = { model: place.model, task: place.task }
  const curve = useAnswer<{ svg: string }>(`${base}/by-layer`, where, changes)
  const items = useAnswer<ItemPage>(`${base}/items`, { ...where, split, page: String(page) }, changes)
  const pages = Math.ceil((items.value?.all ?? 0) / 10)
  return (
    <section aria-label="chosen task">
      <h2>
        {place.task} <small>{place.model}</small>
      </h2>
      {curve.value?.svg ? (
        // The server's own drawing; texts in it are escaped there.
        <figure class="curve" dangerouslySetInnerHTML={{ __html: curve.value.svg }} />
      ) : (
        <p>{curve.error ?? 'No cell is there yet.'}</p>
      )}
      <fieldset class="kinds">
        <legend>items</legend>
        {splits.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="split"
              checked={split === name}
              onChange={() => {
                setSplit(name)
                setPage(0)
              }}
            />{' '}
            {name}
          </label>
        ))}
        {pages > 1 && (
          <span class="pages">
            <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
              back
            </button>{' '}
            {page + 1} of {pages}{' '}
            <button type="button" disabled={page + 1 >= pages} onClick={() => setPage(page + 1)}>
              next
            </button>
          </span>
        )}
      </fieldset>
      {items.error && <p class="trouble">{items.error}</p>}
      {items.value?.items.length === 0 && <p>Nothing of this split is stored yet.</p>}
      {items.value?.items.map((item) => (
        <details key={item.item} class="item">
          <summary>
            <code>{item.query}</code> → <code>{item.answer}</code>{' '}
            <span>
              {item.predictions.filter(({ correct }) => correct).length} of {item.predictions.length} right
            </span>
          </summary>
          {item.demonstrations.length > 0 && (
            <pre>
              {item.demonstrations.map(({ input, output }) => `example:${input}->${output}\n`).join('')}
            </pre>
          )}
          {item.dummyQueries.length > 0 && <p>dummy queries x′: {item.dummyQueries.join(', ')}</p>}
          <div class="wide" tabIndex={0} role="region" aria-label={`predictions for ${item.query}`}>
            <table>
              <thead>
                <tr>
                  <th scope="col">run</th>
                  <th scope="col">L</th>
                  <th scope="col">prediction</th>
                  <th scope="col">log p(answer)</th>
                  <th scope="col">rank</th>
                </tr>
              </thead>
              <tbody>
                {item.predictions.map(({ kind, layer, prediction, correct, answerLogProb, answerRank }) => (
                  <tr key={`${kind} ${layer}`} class={correct ? 'right' : 'wrong'}>
                    <td>{kind}</td>
                    <td>{layer ?? ''}</td>
                    <td>
                      <code>{prediction}</code> {correct ? '✓' : '✗'}
                    </td>
                    <td>{answerLogProb.toFixed(2)}</td>
                    <td>{answerRank}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
    </section>
  )
}
