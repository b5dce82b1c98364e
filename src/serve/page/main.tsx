import { render } from 'preact'
import { duration } from '../../domain/duration.js'
import type { SweepLine, SweepView } from '../api.js'
import { Cell } from './cell.jsx'
import { ChooseSweep } from './choose-sweep.jsx'
import { Group } from './group.jsx'
import { HeatMap, type FieldPlace } from './heat-map.jsx'
import { Items } from './items.jsx'
import { Help } from './keys.jsx'
import { Playground } from './playground.jsx'
import { useAnswer, useChanges } from './server.js'
import { labelled } from './task-name.jsx'
import { Troubles, Workers } from './troubles.jsx'
import { useUrlState } from './url-state.js'

function Page() {
  const changes = useChanges()
  const [url, set] = useUrlState()
  const sweeps = useAnswer<SweepLine[]>('sweeps', {}, changes)
  const group = url['group'] ?? null
  const id = group === null ? (url['sweep'] ?? sweeps.value?.[0]?.id ?? null) : null
  const sweep = useAnswer<SweepView>(id === null ? null : `sweeps/${encodeURIComponent(id)}`, {}, changes)
  const view = sweep.value?.id === id ? sweep.value : null
  return (
    <>
      <header>
        <h1>taskvec</h1>
        {sweeps.value && sweeps.value.length > 0 && (
          <ChooseSweep
            sweeps={sweeps.value}
            shown={{ sweep: id, group }}
            show={(what) => set({ ...what, model: null, task: null, page: null, item: null })}
          />
        )}
        <Help />
        {changes === null && (
          <p class="trouble" role="status">
            No connection: start <code>taskvec serve</code> again. The page shows the last data that it read.
          </p>
        )}
      </header>
      <main>
        {sweeps.value?.length === 0 && (
          <p>
            The database has no sweep yet. Run one: <code>npx taskvec run configs/quickstart.yaml</code>
          </p>
        )}
        {(sweeps.error ?? sweep.error) && <p class="trouble">{sweeps.error ?? sweep.error}</p>}
        {group !== null && <Group id={group} changes={changes} />}
        {view && <Sweep view={view} changes={changes} />}
        <Playground sweep={id} />
        {view && (
          <details>
            <summary>Config as run</summary>
            <pre tabIndex={0}>{JSON.stringify(JSON.parse(view.config), null, 2)}</pre>
          </details>
        )}
      </main>
    </>
  )
}

/** Progress, accuracies, and the curve and items of the chosen field. */
function Sweep({ view, changes }: { view: SweepView; changes: number | null }) {
  const [{ model, task }, set] = useUrlState()
  const place: FieldPlace | null = model !== undefined && task !== undefined ? { model, task } : null
  const field = view.fields.find((field) => field.model === model && field.task === task)
  const warnings = view.warnings.filter((one) => one.model === model && one.warning.startsWith(`${task}: `))
  return (
    <>
      <Progress view={view} />
      <div class="overview">
        <HeatMap
          view={view}
          chosen={place}
          choose={(chosen) => set({ ...chosen, page: null, item: null, at: null })}
        />
        {place && (
          <Cell
            sweep={view.id}
            place={place}
            field={field}
            labels={view.labels}
            warnings={warnings.map(({ warning }) => labelled(view.labels, warning))}
            changes={changes}
          />
        )}
      </div>
      <Troubles view={view} />
      {place && (
        <Items sweep={view.id} place={place} bestLayer={field?.bestLayer ?? null} changes={changes} />
      )}
      <Workers view={view} />
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
