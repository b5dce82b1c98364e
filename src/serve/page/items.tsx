import type { ItemPage, ItemView } from '../api.js'
import type { FieldPlace } from './heat-map.jsx'
import { useAnswer } from './server.js'
import { useUrlState } from './url-state.js'

const splits = ['dev', 'test', 'baseline'] as const

const filters = {
  all: 'all items',
  wrong: 'wrong',
  right: 'right',
  'theta-only': 'θ right, regular wrong',
  'regular-only': 'θ wrong, regular right',
} as const

/** The items of one (model, task): filtered, sorted, with the answer's rank at every L, and what was predicted. */
export function Items({
  sweep,
  place,
  bestLayer,
  changes,
}: {
  sweep: string
  place: FieldPlace
  bestLayer: number | null
  changes: number | null
}) {
  const [url, set] = useUrlState()
  const { split = 'dev', show = 'all', text = '', rankFrom = '1', order = 'item' } = url
  const page = Number(url['page'] ?? 0)
  const wanted = { ...place, split, show, text, rankFrom: rankFrom || '1', order, page: String(page) }
  const items = useAnswer<ItemPage>(`sweeps/${encodeURIComponent(sweep)}/items`, wanted, changes)
  const pages = items.value ? Math.ceil(items.value.all / items.value.perPage) : 0
  const filter = (key: string) => (event: { currentTarget: { value: string } }) =>
    set({ [key]: event.currentTarget.value, page: null })
  return (
    <section aria-label="items">
      <form class="kinds" onSubmit={(event) => event.preventDefault()}>
        {splits.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="split"
              checked={split === name}
              onChange={() => set({ split: name, show: null, page: null })}
            />{' '}
            {name}
          </label>
        ))}
        <label>
          show{' '}
          <select value={show} onChange={filter('show')}>
            {Object.entries(filters)
              .filter(([name]) => split === 'test' || !name.endsWith('-only'))
              .map(([name, says]) => (
                <option key={name} value={name}>
                  {says}
                </option>
              ))}
          </select>
        </label>
        <label>
          containing <input value={text} maxLength={200} onInput={filter('text')} />
        </label>
        <label>
          rank at least{' '}
          <input type="number" min={1} class="short" value={rankFrom} onInput={filter('rankFrom')} />
        </label>
        <label>
          sort by{' '}
          <select value={order} onChange={filter('order')}>
            <option value="item">item</option>
            <option value="rank">rank of the answer, worst first</option>
          </select>
        </label>
      </form>
      <p class="pages">
        {items.value && `${items.value.all} items`}
        {pages > 1 && (
          <>
            {' '}
            <button type="button" disabled={page === 0} onClick={() => set({ page: String(page - 1) })}>
              back
            </button>{' '}
            page {page + 1} of {pages}{' '}
            <button
              type="button"
              disabled={page + 1 >= pages}
              onClick={() => set({ page: String(page + 1) })}
            >
              next
            </button>
          </>
        )}
      </p>
      {items.error && <p class="trouble">{items.error}</p>}
      {items.value?.items.length === 0 && (
        <p>{show === 'all' && text === '' ? 'Nothing of this split is stored yet.' : 'No item passes.'}</p>
      )}
      {items.value?.items.map((item) => (
        <Item key={item.item} item={item} bestLayer={bestLayer} />
      ))}
    </section>
  )
}

function Item({ item, bestLayer }: { item: ItemView; bestLayer: number | null }) {
  return (
    <details class="item">
      <summary>
        <Written text={item.query} /> → <Written text={item.answer} />{' '}
        <span>
          {item.predictions.filter(({ correct }) => correct).length} of {item.predictions.length} right
        </span>
        <Ranks item={item} bestLayer={bestLayer} />
      </summary>
      {item.demonstrations.length > 0 && (
        <pre>{item.demonstrations.map(({ input, output }) => `example:${input}->${output}\n`).join('')}</pre>
      )}
      {item.dummyQueries.length > 0 && <p>dummy queries x′: {item.dummyQueries.join(', ')}</p>}
      <div class="wide" tabIndex={0} role="region" aria-label={`predictions for ${item.query}`}>
        <table>
          <thead>
            <tr>
              {['run', 'L', 'prediction', 'p(answer)', 'rank'].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {item.predictions.map(({ kind, layer, prediction, correct, answerLogProb, answerRank }) => (
              <tr key={`${kind} ${layer}`} class={correct ? 'right' : 'wrong'}>
                <td>{kind}</td>
                <td>{layer ?? ''}</td>
                <td>
                  <Written text={prediction} /> {correct ? '✓' : '✗'}
                </td>
                <td title={`log p = ${answerLogProb.toFixed(2)}`}>
                  {Math.exp(answerLogProb).toPrecision(2)}
                </td>
                <td>{answerRank}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

/** A field per L, from bright (the answer's first token is the greedy choice) to dark (rank 10,000); the best L is framed. */
function Ranks({ item, bestLayer }: { item: ItemView; bestLayer: number | null }) {
  const layers = item.predictions.filter(({ layer }) => layer !== null)
  if (layers.length < 2) return null
  return (
    <span class="ranks" aria-hidden="true">
      {layers.map(({ layer, answerRank, correct }) => (
        <i
          key={layer}
          class={`a${Math.max(0, Math.round(10 - 2.5 * Math.log10(answerRank)))}${layer === bestLayer ? ' best' : ''}`}
          title={`L = ${layer}: rank ${answerRank}, ${correct ? 'right' : 'wrong'}`}
        />
      ))}
    </span>
  )
}

/** Text as it stands, with white space at its ends made visible. */
function Written({ text }: { text: string }) {
  return <code>{text.replace(/^\s+|\s+$/g, (space) => '␣'.repeat(space.length))}</code>
}
