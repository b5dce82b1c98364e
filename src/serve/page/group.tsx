import type { GroupView } from '../api.js'
import { useAnswer } from './server.js'
import { useUrlState } from './url-state.js'

/** The settings of one config: progress, and accuracies by one axis, as in `taskvec report GROUP`. */
export function Group({ id, changes }: { id: string; changes: number | null }) {
  const [url, set] = useUrlState()
  const { by } = url
  const group = useAnswer<GroupView>(
    `groups/${encodeURIComponent(id)}`,
    by === undefined ? {} : { by },
    changes,
  )
  const view = group.value
  if (!view) return group.error ? <p class="trouble">{group.error}</p> : null
  return (
    <section aria-label="group">
      <h2>
        {view.name} <small>{view.settings.length} settings on the same items</small>
      </h2>
      <ul class="settings">
        {view.settings.map(({ id, setting, status, extent }) => (
          <li key={id}>
            <button type="button" onClick={() => set({ group: null, sweep: id })}>
              {setting || id}
            </button>{' '}
            <progress
              max={1}
              value={extent.share}
              aria-label={`${setting}: ${Math.floor(100 * extent.share)} % done`}
            />{' '}
            {status}, {extent.cells.done} of {extent.cells.all} cells
          </li>
        ))}
      </ul>
      {view.axes.length > 1 && (
        <fieldset class="kinds">
          <legend>accuracies by</legend>
          {view.axes.map(({ id, title }) => (
            <label key={id}>
              <input type="radio" name="by" checked={view.by === id} onChange={() => set({ by: id })} />{' '}
              {title}
            </label>
          ))}
        </fieldset>
      )}
      <div class="figures">
        {view.blocks.map((block, i) => 'svg' in block && <Drawn key={i} {...block} />)}
      </div>
      {view.blocks.map((block, i) => {
        if ('svg' in block) return null
        return 'text' in block ? <p key={i}>{block.text}</p> : <Numbers key={i} {...block} />
      })}
    </section>
  )
}

type Block = GroupView['blocks'][number]

function Drawn({ title, caption, svg }: Extract<Block, { svg: string }>) {
  return (
    <figure>
      {/* Drawn by our server, which escapes its texts. */}
      <div
        class="curve"
        role="img"
        aria-label={`${title}. ${caption}`}
        dangerouslySetInnerHTML={{ __html: svg }}
      />
      <figcaption>{caption}</figcaption>
    </figure>
  )
}

function Numbers({ title, caption, columns, rows }: Extract<Block, { columns: unknown }>) {
  return (
    <details>
      <summary>
        {title}, {rows.length} rows
      </summary>
      <div class="wide" tabIndex={0} role="group" aria-label={title}>
        <table>
          <thead>
            <tr>
              {headers(columns).map(({ name, span }) => (
                <th scope="col" key={name} colSpan={span}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {row.map((value, j) => (
                  <td key={j}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="legend">{caption}</p>
    </details>
  )
}

/** A column without a name belongs to the one before: an interval to its accuracy. */
function headers(columns: readonly string[]): { readonly name: string; readonly span: number }[] {
  const named = columns.flatMap((name, at) => (name === '' ? [] : [at]))
  return named.map((at, i) => ({ name: columns[at] ?? '', span: (named[i + 1] ?? columns.length) - at }))
}
