import { Fragment } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ItemView } from '../api.js'
import { Item } from './item.jsx'
import { moveFocus } from './keys.jsx'
import { useUrlState } from './url-state.js'
import { Written } from './written.jsx'

type Prediction = ItemView['predictions'][number]

/**
 * Items down, layers across: the answer's rank as colour and number, the best L framed. Up and down go through the items, left and
 * right through the layers; the line above shows the prediction there. Enter opens an item.
 */
export function ItemGrid({ items, bestLayer }: { items: readonly ItemView[]; bestLayer: number | null }) {
  const [url, set] = useUrlState()
  const columns = columnsOf(items)
  const open = url['item']
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      items.findIndex(({ item }) => String(item) === open),
    ),
  )
  const best = columns.findIndex(({ layer }) => layer !== null && layer === bestLayer)
  const wanted = columns.findIndex((column) => keyOf(column) === url['at'])
  const column = wanted >= 0 ? wanted : Math.max(0, best)
  const table = useRef<HTMLTableElement>(null)
  const focused = items[Math.min(at, items.length - 1)]
  const words = columns.length <= 3

  // The focus stays in the list when the page of items changes.
  const within = useRef(false)
  useEffect(() => {
    if (within.current) table.current?.querySelector<HTMLElement>('[data-at][tabindex="0"]')?.focus()
  }, [items])

  function keyDown(event: KeyboardEvent & { readonly currentTarget: HTMLElement }) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step === undefined || (event.target as HTMLElement).dataset['at'] === undefined)
      return moveFocus(event)
    event.preventDefault()
    const next = columns[Math.min(Math.max(0, column + step), columns.length - 1)]
    if (next) set({ at: keyOf(next) })
    const heads = table.current?.querySelectorAll('thead th') ?? []
    heads[column + step + 1]?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  return (
    <>
      <p class="said" role="status">
        {focused && <Said item={focused} column={columns[column]} />}
      </p>
      <div class="wide" role="group" aria-label="the answer's rank, items by layers" onKeyDown={keyDown}>
        <table
          class="heat ranks"
          ref={table}
          onFocusIn={() => void (within.current = true)}
          onFocusOut={({ relatedTarget }) => void (within.current &&= relatedTarget === null)}
        >
          <thead>
            <tr>
              <th scope="col">item</th>
              {columns.map((each, i) => (
                <th
                  scope="col"
                  key={keyOf(each)}
                  class={`${i === column ? 'here' : ''}${i === best ? ' best' : ''}`}
                >
                  {each.layer === null ? each.kind : words ? `θ, L = ${each.layer}` : each.layer}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((item, row) => (
              <Fragment key={item.item}>
                <tr>
                  <th scope="row">
                    <button
                      type="button"
                      class="item"
                      data-at={`${row} 0`}
                      tabIndex={row === Math.min(at, items.length - 1) ? 0 : -1}
                      aria-expanded={open === String(item.item)}
                      onFocus={() => setAt(row)}
                      onClick={() => set({ item: open === String(item.item) ? null : String(item.item) })}
                    >
                      <Written text={item.query} /> → <Written text={item.answer} />
                    </button>
                  </th>
                  {columns.map((each, i) => {
                    const found = item.predictions.find((one) => keyOf(one) === keyOf(each))
                    return (
                      <td
                        key={keyOf(each)}
                        class={`${found ? shade(found.answerRank) : ''}${i === best ? ' best' : ''}${i === column && row === at ? ' here' : ''}`}
                        title={found && `L = ${each.layer ?? '-'}: rank ${found.answerRank}`}
                      >
                        {found && (words ? `${found.prediction} ${verdict(found)}` : rank(found.answerRank))}
                      </td>
                    )
                  })}
                </tr>
                {open === String(item.item) && (
                  <tr>
                    <td colSpan={columns.length + 1}>
                      <Item item={item} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      <p class="legend">
        rank of the answer’s first token: 1{' '}
        {Array.from({ length: 11 }, (_, i) => (
          <i key={i} class={`a${10 - i}`} />
        ))}{' '}
        10,000 or more; framed: the best L
      </p>
    </>
  )
}

function Said({ item, column }: { item: ItemView; column: Pick<Prediction, 'kind' | 'layer'> | undefined }) {
  const found = column && item.predictions.find((one) => keyOf(one) === keyOf(column))
  return (
    <>
      <Written text={item.query} /> → <Written text={item.answer} />
      {found && (
        <>
          , {found.kind}
          {found.layer !== null && ` at L = ${found.layer}`}: <Written text={found.prediction} />{' '}
          {verdict(found)}, rank {found.answerRank}, p = {Math.exp(found.answerLogProb).toPrecision(2)}
        </>
      )}
      ; {item.predictions.filter(({ correct }) => correct).length} of {item.predictions.length} right
    </>
  )
}

function columnsOf(items: readonly ItemView[]): Pick<Prediction, 'kind' | 'layer'>[] {
  const found = new Map(
    items.flatMap(({ predictions }) => predictions.map((one) => [keyOf(one), one] as const)),
  )
  const kinds = ['baseline', 'regular', 'hypothesis']
  return [...found.values()].sort(
    (a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.layer ?? 0) - (b.layer ?? 0),
  )
}

const keyOf = ({ kind, layer }: Pick<Prediction, 'kind' | 'layer'>) => `${kind}${layer ?? ''}`

const verdict = ({ correct }: Prediction) => (correct ? '✓' : '✗')

/** From bright, the greedy choice, to dark, rank 10,000. */
function shade(answerRank: number): string {
  return `a${Math.max(0, Math.round(10 - 2.5 * Math.log10(answerRank)))}`
}

/** At most three characters. */
function rank(answerRank: number): string {
  return answerRank < 1000 ? String(answerRank) : `${Math.round(answerRank / 1000)}k`
}
