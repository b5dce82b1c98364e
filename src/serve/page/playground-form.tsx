import type { ComponentChildren } from 'preact'
import type { PlaygroundChoices } from '../api.js'
import { ownPairs, ownPrompt, type Form } from './question.js'

interface Props {
  readonly form: Form
  readonly choices: PlaygroundChoices
  readonly busy: boolean
  readonly change: (changes: Partial<Form>) => void
  readonly submit: () => void
}

/** The form: the sweep's models, tasks and prompts come first. Fields that an earlier choice rules out are hidden. */
export function PlaygroundForm({ form, choices, busy, change, submit }: Props) {
  const type = (key: keyof Form) => (event: { currentTarget: { value: string } }) =>
    change({ [key]: event.currentTarget.value })
  const select = (
    key: keyof Form,
    names: readonly string[],
    { first, labels = {} }: { first?: ComponentChildren; labels?: PlaygroundChoices['labels'] } = {},
  ) => (
    <select value={form[key]} onChange={type(key)}>
      {first}
      {names.map((name) => (
        <option key={name} value={name} title={name}>
          {labels[name] ?? name}
        </option>
      ))}
    </select>
  )
  const number = (key: keyof Form, min: number, rest: object = {}) => (
    <input type="number" class="short" min={min} value={form[key]} onInput={type(key)} {...rest} />
  )
  const text = (key: keyof Form, rows: number) => (
    <textarea rows={rows} spellcheck={false} value={form[key]} onInput={type(key)} />
  )
  const ofTask = form.vector === ''
  return (
    <form
      class="playground"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <label>model {select('model', choices.models)}</label>
      {choices.vectors.length > 0 && (
        <label>
          vector {select('vector', choices.vectors, { first: <option value="">θ of a task</option> })}
        </label>
      )}
      {ofTask && (
        <label>task {select('task', [...choices.tasks, ownPairs], { labels: choices.labels })}</label>
      )}
      {ofTask && <label>k {number('k', 1, { max: 1000, required: true })}</label>}
      {ofTask && <label>seed {number('seed', 0, { required: true })}</label>}
      {!ofTask && <label>scale {number('scale', -1e6, { step: 'any', required: true })}</label>}
      <label>prompt {select('prompt', [...choices.prompts, ownPrompt])}</label>
      <label>layer L {number('layer', 0, { placeholder: 'every' })}</label>
      <label>
        query x{' '}
        <input value={form.query} maxLength={10_000} required autocomplete="off" onInput={type('query')} />
      </label>
      <button type="submit" disabled={busy}>
        {busy ? 'computing …' : 'answer'}
      </button>
      {ofTask && form.task === ownPairs && (
        <label class="long">pairs, x -&gt; y, one a line {text('pairs', 5)}</label>
      )}
      {form.prompt === ownPrompt && (
        <>
          <label class="long">
            a demonstration, with {'{x}'} and {'{y}'} {text('demonstration', 3)}
          </label>
          <label class="long">the query, up to where the answer begins {text('last', 3)}</label>
          <label class="long">between them {text('separator', 3)}</label>
        </>
      )}
      {choices.absent.length > 0 && <p class="legend">Not on this machine: {choices.absent.join(', ')}.</p>}
    </form>
  )
}
