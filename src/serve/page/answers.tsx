import type { ComponentChildren } from 'preact'
import type { PlaygroundAnswer } from '../api.js'
import { Pair, Written } from './written.jsx'

type Likely = Extract<PlaygroundAnswer, { regularTop: unknown }>['regularTop'][number]

interface Row {
  readonly name: string
  readonly top: readonly Likely[]
  /** θ itself through the unembedding. */
  readonly likeliest?: readonly string[] | undefined
}

/** A row per run and layer: the most likely next tokens, with their probabilities. */
export function Answers({ answer }: { answer: PlaygroundAnswer }) {
  if ('regularTop' in answer) {
    const rows = [
      { name: 'regular [S, x, →]', top: answer.regularTop },
      { name: 'baseline [x, →]', top: answer.baselineTop },
      ...answer.hypothesis.map(({ layer, ...rest }) => ({ name: `θ, L = ${layer}`, ...rest })),
    ]
    return (
      <>
        <Given name="S">
          {answer.demonstrations.map(({ input, output }, i) => (
            <Pair key={i} input={input} output={output} />
          ))}
        </Given>
        <Given name="x′">
          {answer.dummyQueries.map((dummy, i) => (
            <Written key={i} text={dummy} />
          ))}
        </Given>
        <Table rows={rows} regular={answer.regularTop[0]?.token} />
        <p class="legend">
          p: the token's probability. Bold: answered as in the regular run. ␣ a space, ↵ a line feed, ⇥ a tab.
        </p>
      </>
    )
  }
  const patched = (answer.patched ?? []).map(({ vectors, top }) => ({
    name: vectors.map(({ vector, layer, mode }) => `${vector}, L = ${layer}, ${mode}`).join('; '),
    top,
  }))
  return <Table rows={[{ name: 'without', top: answer.top }, ...patched]} />
}

function Given({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <p class="pairs">
      {name} = {children}
    </p>
  )
}

function Table({ rows, regular }: { rows: readonly Row[]; regular?: number | undefined }) {
  const projected = rows.some(({ likeliest }) => likeliest !== undefined)
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="answers by layer">
      <table class="answers">
        <thead>
          <tr>
            <th scope="col">run</th>
            <th scope="col">answer</th>
            <th scope="col">p</th>
            <th scope="col">then</th>
            {projected && <th scope="col">most likely tokens of θ itself</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, top: [first, ...others], likeliest }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class={first !== undefined && first.token === regular ? 'as-regular' : undefined}>
                <Written text={first?.text ?? ''} />
              </td>
              <td class="share" title={String(first?.probability)}>
                <progress max={1} value={first?.probability ?? 0} aria-hidden="true" />{' '}
                {share(first?.probability ?? 0)}
              </td>
              <td>
                <span class="tokens">
                  {others.map(({ token, text, probability }) => (
                    <span key={token} class="pair">
                      <Written text={text} /> {share(probability)}
                    </span>
                  ))}
                </span>
              </td>
              {projected && (
                <td>
                  <span class="tokens">
                    {likeliest?.map((text, i) => (
                      <Written key={i} text={text} />
                    ))}
                  </span>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function share(probability: number): string {
  return probability < 0.005 ? '<.01' : probability.toFixed(2).replace(/^0/, '')
}
