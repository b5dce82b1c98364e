import type { Field, SweepView } from '../api.js'
import { groupBy } from '../../figures/paper-rules.js'
import { accuracyOf, kinds, short, spelled, type Kind } from './accuracy.jsx'
import { moveFocus } from './keys.jsx'
import { TaskName } from './task-name.jsx'
import { useUrlState } from './url-state.js'

export interface FieldPlace {
  readonly model: string
  readonly task: string
}

interface Props {
  readonly view: SweepView
  readonly chosen: FieldPlace | null
  readonly choose: (place: FieldPlace) => void
}

/** Models across, tasks down, by category; colour and number show the accuracy with its interval, or else the progress. */
export function HeatMap({ view, chosen, choose }: Props) {
  const [url, set] = useUrlState()
  const kind = kinds.find((name) => name === url['kind']) ?? 'hypothesis'
  const fields = new Map(view.fields.map((field) => [`${field.model} ${field.task}`, field]))
  const isChosen = ({ model, task }: FieldPlace) => chosen?.model === model && chosen.task === task
  const categories = groupBy(view.tasks, (task) => view.categories[task] ?? '')
  const rows = categories.flatMap(([, tasks]) => tasks)
  const first = view.fields.some(isChosen) ? null : fields.get(`${view.models[0]} ${rows[0]}`)
  return (
    <section aria-label="accuracies">
      <fieldset class="kinds">
        <legend>accuracy of the run</legend>
        {kinds.map((name) => (
          <label key={name}>
            <input type="radio" name="kind" checked={kind === name} onChange={() => set({ kind: name })} />{' '}
            {name}
          </label>
        ))}
      </fieldset>
      <Legend view={view} kind={kind} />
      <div class="wide" tabIndex={0} role="group" aria-label="models by tasks" onKeyDown={moveFocus}>
        <table class="heat">
          <thead>
            <tr>
              <th scope="col">task</th>
              {view.models.map((model) => (
                <th scope="col" key={model}>
                  {model}
                </th>
              ))}
            </tr>
          </thead>
          {categories.map(([category, tasks]) => (
            <tbody key={category}>
              {categories.length > 1 && category !== '' && (
                <tr>
                  <th scope="rowgroup" colSpan={view.models.length + 1}>
                    <span>{category}</span>
                  </th>
                </tr>
              )}
              {tasks.map((task) => (
                <tr key={task}>
                  <th scope="row">
                    <TaskName labels={view.labels} task={task} />
                  </th>
                  {view.models.map((model, column) => {
                    const field = fields.get(`${model} ${task}`)
                    return (
                      <td key={model}>
                        {field && (
                          <button
                            type="button"
                            class={`${shade(field, kind)}${isChosen(field) ? ' chosen' : ''}`}
                            data-at={`${rows.indexOf(task)} ${column}`}
                            tabIndex={isChosen(field) || field === first ? 0 : -1}
                            aria-pressed={isChosen(field)}
                            title={`${model}, ${task}: ${says(field, kind)}`}
                            onClick={() => choose({ model, task })}
                          >
                            <Shown field={field} kind={kind} />
                          </button>
                        )}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </section>
  )
}

/** The meaning of the colours, and the number of items behind the accuracies. */
function Legend({ view, kind }: { view: SweepView; kind: Kind }) {
  const counts = new Set(view.fields.flatMap((field) => accuracyOf(field, kind)?.items ?? []))
  return (
    <p class="legend">
      <span class="scale">
        0{' '}
        {Array.from({ length: 11 }, (_, i) => (
          <i key={i} class={`a${i}`} />
        ))}{' '}
        1
      </span>
      , <i class="waiting" /> waiting, <i class="failed" /> failed
      {counts.size > 0 && `; small: 95 % interval over ${[...counts].join(' or ')} items`}. Select a field for
      its curve and items.
    </p>
  )
}

function shade(field: Field, kind: Kind): string {
  if (field.failed) return 'failed'
  const accuracy = field[kind]
  return accuracy === null ? 'waiting' : `a${Math.round(accuracy * 10)}`
}

function Shown({ field, kind }: { field: Field; kind: Kind }) {
  if (field.failed) return <>!</>
  const accuracy = accuracyOf(field, kind)
  if (accuracy === null) return <>{field.cellsAll === 0 ? '·' : `${field.cellsDone}/${field.cellsAll}`}</>
  return (
    <>
      {short(accuracy.value)}{' '}
      <small>
        {short(accuracy.low)}–{short(accuracy.high)}
      </small>
    </>
  )
}

function says(field: Field, kind: Kind): string {
  if (field.failed) return 'failed, see below'
  const accuracy = accuracyOf(field, kind)
  const cells = field.cellsAll === 0 ? 'waiting' : `${field.cellsDone} of ${field.cellsAll} cells`
  if (accuracy === null) return cells
  const score = field.meanScores?.[kind] ?? null
  const graded = score === null ? '' : `mean score ${score.toFixed(2)}, `
  return `${kind} ${spelled(accuracy)}, ${graded}best L ${field.bestLayer ?? '-'}, ${cells}`
}
