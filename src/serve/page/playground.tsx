import { useState } from 'preact/hooks'
import type { PlaygroundAnswer, PlaygroundChoices } from '../api.js'
import { ask, useAnswer } from './server.js'

/** A query answered by the task vector alone, beside the regular and the baseline answer. */
export function Playground() {
  const choices = useAnswer<PlaygroundChoices>('playground', {}, 0)
  const [model, setModel] = useState('')
  const [task, setTask] = useState('')
  const [query, setQuery] = useState('')
  const [prompt, setPrompt] = useState('arrow')
  const [demonstrations, setDemonstrations] = useState('5')
  const [answer, setAnswer] = useState<PlaygroundAnswer | string | null>(null)
  const [busy, setBusy] = useState(false)
  if (!choices.value) return null
  const { models, tasks, prompts } = choices.value

  async function answerQuery() {
    setBusy(true)
    const chosen = {
      model: model || (models[0] ?? ''),
      task: task || (tasks[0] ?? ''),
      query,
      prompt,
      demonstrations,
    }
    setAnswer(
      await ask<PlaygroundAnswer>('playground/answer', chosen).catch(
        (error: unknown) => (error as Error).message,
      ),
    )
    setBusy(false)
  }

  return (
    <section aria-label="playground">
      <h2>Playground</h2>
      <form
        class="playground"
        onSubmit={(event) => {
          event.preventDefault()
          void answerQuery()
        }}
      >
        <label>
          model{' '}
          <select value={model || models[0]} onChange={(event) => setModel(event.currentTarget.value)}>
            {models.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label>
          task{' '}
          <select value={task || tasks[0]} onChange={(event) => setTask(event.currentTarget.value)}>
            {tasks.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label>
          query x{' '}
          <input
            value={query}
            maxLength={200}
            required
            autocomplete="off"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
        <label>
          prompt{' '}
          <select value={prompt} onChange={(event) => setPrompt(event.currentTarget.value)}>
            {prompts.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
        <label>
          k{' '}
          <input
            type="number"
            min={1}
            max={50}
            value={demonstrations}
            required
            onInput={(event) => setDemonstrations(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={busy}>
          {busy ? 'computing …' : 'answer'}
        </button>
      </form>
      <div aria-live="polite">
        {typeof answer === 'string' && <p class="trouble">{answer}</p>}
        {answer !== null && typeof answer === 'object' && (
          <>
            <p>
              S ={' '}
              <code>
                {answer.demonstrations.map(({ input, output }) => `${input}->${output}`).join('  ')}
              </code>
              , x′ = <code>{answer.dummyQueries.join(', ')}</code>
            </p>
            <p>
              regular [S, x, →]: <code>{answer.regular}</code>; baseline [x, →]:{' '}
              <code>{answer.baseline}</code>
            </p>
            <div class="wide" tabIndex={0} role="region" aria-label="answers by layer">
              <table>
                <thead>
                  <tr>
                    <th scope="col">L</th>
                    <th scope="col">hypothesis f(x; θ)</th>
                    <th scope="col">likeliest tokens of θ</th>
                  </tr>
                </thead>
                <tbody>
                  {answer.hypothesis.map(({ layer, prediction, likeliest }) => (
                    <tr key={layer}>
                      <td>{layer}</td>
                      <td>
                        <code>{prediction}</code>
                      </td>
                      <td>{likeliest.join(', ')}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </div>
    </section>
  )
}
