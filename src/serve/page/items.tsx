import { useRef } from 'preact/hooks'
import type { ItemPage } from '../api.js'
import type { FieldPlace } from './heat-map.jsx'
import { ItemGrid } from './item-grid.jsx'
import { useKeys } from './keys.jsx'
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

const orders = { item: 'item', rank: 'rank, worst first', best: 'rank, best first', query: 'query' } as const

/** The items of one (model, task): filtered, sorted, fifty a page. The URL holds every choice. */
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
  const { split = 'dev', show = 'all', text = '', rankFrom = '', rankTo = '', order = 'item' } = url
  const page = Number(url['page'] ?? 0)
  const given = Object.entries({ text, rankFrom, rankTo }).filter(([, value]) => value !== '')
  const wanted = { ...place, split, show, order, page: String(page), ...Object.fromEntries(given) }
  const items = useAnswer<ItemPage>(`sweeps/${encodeURIComponent(sweep)}/items`, wanted, changes)
  const pages = items.value ? Math.ceil(items.value.all / items.value.perPage) : 0
  const search = useRef<HTMLInputElement>(null)
  const section = useRef<HTMLElement>(null)
  const begin = { page: null, item: null }
  const filter = (key: string) => (event: { currentTarget: { value: string } }) =>
    set({ [key]: event.currentTarget.value, ...begin })
  const turn = (by: number) => {
    const next = Math.min(Math.max(0, page + by), Math.max(0, pages - 1))
    set({ page: next === 0 ? null : String(next), item: null })
  }
  useKeys({ '/': () => search.current?.focus(), PageDown: () => turn(1), PageUp: () => turn(-1) })
  return (
    <section aria-label="items" ref={section}>
      <h2>Items</h2>
      <form class="kinds" onSubmit={(event) => event.preventDefault()}>
        {splits.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="split"
              checked={split === name}
              onChange={() => set({ split: name, show: show.endsWith('-only') ? null : show, ...begin })}
            />{' '}
            {name}
          </label>
        ))}
        <label>
          show{' '}
          <select
            value={show}
            onChange={({ currentTarget: { value } }) =>
              // Only test items have a regular run.
              set({ show: value, ...(value.endsWith('-only') ? { split: 'test' } : {}), ...begin })
            }
          >
            <Options of={filters} />
          </select>
        </label>
        <label>
          containing{' '}
          <input
            ref={search}
            type="search"
            value={text}
            maxLength={200}
            onInput={filter('text')}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' && event.key !== 'Enter') return
              event.preventDefault()
              section.current?.querySelector<HTMLElement>('[data-at][tabindex="0"]')?.focus()
            }}
          />
        </label>
        <span>
          <label>
            rank from <RankInput value={rankFrom} change={filter('rankFrom')} />
          </label>{' '}
          <label>
            to <RankInput value={rankTo} change={filter('rankTo')} />
          </label>
        </span>
        <label>
          sort by{' '}
          <select value={order} onChange={filter('order')}>
            <Options of={orders} />
          </select>
        </label>
      </form>
      <p class="pages" role="status">
        {items.value && `${items.value.all} items`}
        {pages > 1 && (
          <>
            {' '}
            <button type="button" disabled={page === 0} onClick={() => turn(-1)}>
              back
            </button>{' '}
            page {page + 1} of {pages}{' '}
            <button type="button" disabled={page + 1 >= pages} onClick={() => turn(1)}>
              next
            </button>
          </>
        )}
      </p>
      {items.error && <p class="trouble">{items.error}</p>}
      {items.value?.items.length === 0 && (
        <p>{show === 'all' && given.length === 0 ? 'No results for this split yet.' : 'No item matches.'}</p>
      )}
      {items.value && items.value.items.length > 0 && (
        <ItemGrid items={items.value.items} bestLayer={bestLayer} />
      )}
    </section>
  )
}

function Options({ of }: { of: Readonly<Record<string, string>> }) {
  return (
    <>
      {Object.entries(of).map(([name, says]) => (
        <option key={name} value={name}>
          {says}
        </option>
      ))}
    </>
  )
}

function RankInput({
  value,
  change,
}: {
  value: string
  change: (event: { currentTarget: { value: string } }) => void
}) {
  return <input type="number" min={1} class="short" value={value} onInput={change} />
}
