import { render } from 'preact'
import { duration } from '../../domain/duration.js'
import type { SweepLine, SweepView } from '../api.js'
import { Cell } from './cell.jsx'
import { HeatMap, type FieldPlace } from './heat-map.jsx'
import { Playground } from './playground.jsx'
import { useAnswer, useChanges } from './server.js'
import { Troubles, Workers } from './troubles.jsx'
import { useUrlState } from './url-state.js'

function Page() {
  const changes = useChanges()
  const [url, set] = useUrlState()
  const sweeps = useAnswer<SweepLine[]>('sweeps', {}, changes)
  const id = url['sweep'] ?? sweeps.value?.[0]?.id ?? null
  const sweep = useAnswer<SweepView>(id === null ? null : `sweeps/${encodeURIComponent(id)}`, {}, changes)
  const view = sweep.value?.id === id ? sweep.value : null
  const { model, task } = url
  const place: FieldPlace | null = model !== undefined && task !== undefined ? { model, task } : null
  return (
    <>
      <header>
        <h1>taskvec</h1>
        {sweeps.value && sweeps.value.length > 0 && (
          <label>
            sweep{' '}
            <select
              value={id ?? ''}
              onChange={(event) =>
                set({ sweep: event.currentTarget.value, model: null, task: null, page: null })
              }
            >
              {sweeps.value.map((line) => (
                <option key={line.id} value={line.id}>
                  {line.id} ({line.status})
                </option>
              ))}
            </select>
          </label>
        )}
        {changes === null && (
          <p class="trouble" role="status">
            The server is away: start <code>taskvec serve</code> again. What is shown is the last that was
            read.
          </p>
        )}
      </header>
      <main>
        {sweeps.value?.length === 0 && (
          <p>
            The database holds no sweep yet. Run one: <code>npx taskvec run configs/quickstart.yaml</code>
          </p>
        )}
        {(sweeps.error ?? sweep.error) && <p class="trouble">{sweeps.error ?? sweep.error}</p>}
        {view && (
          <>
            <Progress view={view} />
            <HeatMap view={view} chosen={place} choose={(chosen) => set({ ...chosen, page: null })} />
            <Troubles view={view} />
            {place && (
              <Cell
                sweep={view.id}
                place={place}
                field={view.fields.find((field) => field.model === model && field.task === task)}
                changes={changes}
              />
            )}
            <Workers view={view} />
          </>
        )}
        <Playground />
        {view && (
          <details>
            <summary>Config, as it was run</summary>
            <pre>{JSON.stringify(JSON.parse(view.config), null, 2)}</pre>
          </details>
        )}
      </main>
    </>
  )
}

function Progress({ view }: { view: SweepView }) {
  const { cells, units, share } = view.extent
  return (
    <section aria-label="progress">
      <progress max={1} value={share} aria-label={`${Math.floor(100 * share)} % done`} />
      <p>
        <strong>{view.status}</strong>, {cells.done} of {cells.all} cells
        {units.all > 0 && `, ${units.done} of ${units.all} further experiments`}
        {view.secondsLeft !== null && `, about ${duration(view.secondsLeft)} left`}
        {view.runningIn !== null && `; process ${view.runningIn} is running it`}
        {view.runningIn === null && view.status === 'running' && (
          <>
            ; no process is running it: <code>npx taskvec resume {view.id}</code>
          </>
        )}
      </p>
    </section>
  )
}

const root = document.getElementById('page')
if (root) render(<Page />, root)
