import { wilsonInterval } from '../../statistics/wilson.js'
import type { Field, SweepView } from '../api.js'
import { useUrlState } from './url-state.js'

export interface FieldPlace {
  readonly model: string
  readonly task: string
}

const kinds = ['hypothesis', 'regular', 'baseline'] as const
type Kind = (typeof kinds)[number]

interface Props {
  readonly view: SweepView
  readonly chosen: FieldPlace | null
  readonly choose: (place: FieldPlace) => void
}

/** Models down, tasks across; colour and number are the accuracy, a field without one shows how far it is. */
export function HeatMap({ view, chosen, choose }: Props) {
  const [url, set] = useUrlState()
  const kind = kinds.find((name) => name === url['kind']) ?? 'hypothesis'
  const fields = new Map(view.fields.map((field) => [`${field.model} ${field.task}`, field]))
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
      <Legend />
      <div class="wide" tabIndex={0} role="region" aria-label="models by tasks">
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
          <tbody>
            {view.tasks.map((task) => (
              <tr key={task}>
                <th scope="row">{task}</th>
                {view.models.map((model) => {
                  const field = fields.get(`${model} ${task}`)
                  return (
                    <td key={model}>
                      {field && (
                        <button
                          type="button"
                          class={`${shade(field, kind)}${chosen?.model === model && chosen.task === task ? ' chosen' : ''}`}
                          aria-label={`${model}, ${task}: ${says(field, kind)}`}
                          title={says(field, kind)}
                          onClick={() => choose({ model, task })}
                        >
                          {short(field, kind)}
                        </button>
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** What the colours say. */
function Legend() {
  return (
    <p class="legend">
      accuracy 0{' '}
      {Array.from({ length: 11 }, (_, i) => (
        <i key={i} class={`a${i}`} />
      ))}{' '}
      1, <i class="waiting" /> waiting, <i class="failed" /> failed; a field opens its curve and its items
    </p>
  )
}

function shade(field: Field, kind: Kind): string {
  if (field.failed) return 'failed'
  const accuracy = field[kind]
  return accuracy === null ? 'waiting' : `a${Math.round(accuracy * 10)}`
}

function short(field: Field, kind: Kind): string {
  if (field.failed) return '!'
  const accuracy = field[kind]
  if (accuracy !== null) return accuracy.toFixed(2).replace(/^0/, '')
  return field.cellsAll === 0 ? '·' : `${field.cellsDone}/${field.cellsAll}`
}

function says(field: Field, kind: Kind): string {
  if (field.failed) return 'failed, see below'
  const accuracy = field[kind]
  const cells = field.cellsAll === 0 ? 'waiting' : `${field.cellsDone} of ${field.cellsAll} cells`
  if (accuracy === null) return cells
  const items = kind === 'baseline' ? field.baselineItems : field.testItems
  const { low, high } = wilsonInterval(Math.round(accuracy * items), items)
  const score = field.meanScores?.[kind] ?? null
  const graded = score === null ? '' : `mean score ${score.toFixed(2)}, `
  return `${kind} ${accuracy.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}] of ${items} items, ${graded}best L ${field.bestLayer ?? '-'}, ${cells}`
}
