import { useState } from 'preact/hooks'
import type { Field, SweepView } from '../api.js'

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
  const [kind, setKind] = useState<Kind>('hypothesis')
  const fields = new Map(view.fields.map((field) => [`${field.model} ${field.task}`, field]))
  return (
    <section aria-label="accuracies">
      <fieldset class="kinds">
        <legend>accuracy of the run</legend>
        {kinds.map((name) => (
          <label key={name}>
            <input type="radio" name="kind" checked={kind === name} onChange={() => setKind(name)} /> {name}
          </label>
        ))}
      </fieldset>
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
  return `${kind} ${accuracy.toFixed(2)}, best L ${field.bestLayer ?? '-'}, ${cells}`
}
