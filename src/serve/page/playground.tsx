import { useState } from 'preact/hooks'
import type { PlaygroundAnswer, PlaygroundChoices } from '../api.js'
import { Answers } from './answers.jsx'
import { PlaygroundForm } from './playground-form.jsx'
import { formOf, formText, ownPairs, ownPrompt, questionOf, type Form } from './question.js'
import { post, useAnswer } from './server.js'
import { useUrlState } from './url-state.js'

/** A query answered by θ alone at every layer, with the regular and the baseline answer; or with a vector of the library patched in. */
export function Playground({ sweep }: { sweep: string | null }) {
  const choices = useAnswer<PlaygroundChoices>('playground', sweep === null ? {} : { sweep }, 0)
  const [{ ask }, set] = useUrlState()
  const [typed, setTyped] = useState(() => formOf(ask))
  const [answer, setAnswer] = useState<PlaygroundAnswer | Error | null>(null)
  const [busy, setBusy] = useState(false)
  if (!choices.value) return null
  const form = settled(typed, choices.value)

  async function answerQuery() {
    setBusy(true)
    set({ ask: formText(form) })
    const question = async () => post<PlaygroundAnswer>('predict', questionOf(form, sweep))
    setAnswer(await question().catch((error: unknown) => error as Error))
    setBusy(false)
  }

  return (
    <section aria-label="playground">
      <h2>Playground</h2>
      {choices.value.models.length === 0 ? (
        <p>
          No model is on this machine yet: <code>npx taskvec models pull smollm2-135m-q4</code>
        </p>
      ) : (
        <PlaygroundForm
          form={form}
          choices={choices.value}
          busy={busy}
          change={(changes) => setTyped({ ...form, ...changes })}
          submit={() => void answerQuery()}
        />
      )}
      <div aria-live="polite">
        {answer instanceof Error && <p class="trouble said-so">{answer.message}</p>}
        {answer !== null && !(answer instanceof Error) && <Answers answer={answer} />}
      </div>
    </section>
  )
}

/** Choices that are missing or impossible in this sweep become the first option, or the sweep's. */
function settled(form: Form, choices: PlaygroundChoices): Form {
  const { models, tasks, prompts, vectors } = choices
  const among = (value: string, known: readonly string[], otherwise: string | undefined) =>
    known.includes(value) ? value : (otherwise ?? '')
  return {
    ...form,
    model: among(form.model, models, models[0]),
    task: among(form.task, [...tasks, ownPairs], tasks[0]),
    prompt: among(form.prompt, [...prompts, ownPrompt], choices.prompt),
    vector: among(form.vector, vectors, ''),
    k: form.k === '' ? String(choices.demonstrations) : form.k,
  }
}
