import type { ItemView } from '../api.js'
import { Pair, Written } from './written.jsx'

/** One item: its demonstrations, and the prediction of every run and layer. */
export function Item({ item }: { item: ItemView }) {
  return (
    <div class="opened">
      {item.demonstrations.length > 0 && (
        <p class="pairs">
          S ={' '}
          {item.demonstrations.map(({ input, output }, i) => (
            <Pair key={i} input={input} output={output} />
          ))}
        </p>
      )}
      {item.dummyQueries.length > 0 && (
        <p class="pairs">
          x′ ={' '}
          {item.dummyQueries.map((dummy, i) => (
            <Written key={i} text={dummy} />
          ))}
        </p>
      )}
      <table>
        <thead>
          <tr>
            {['run', 'L', 'prediction', 'p(answer)', 'rank'].map((name) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {item.predictions.map(({ kind, layer, prediction, correct, answerLogProb, answerRank }) => (
            <tr key={`${kind} ${layer}`} class={correct ? 'right' : 'wrong'}>
              <td>{kind}</td>
              <td>{layer ?? ''}</td>
              <td>
                <Written text={prediction} /> {correct ? '✓' : '✗'}
              </td>
              <td title={`log p = ${answerLogProb.toFixed(2)}`}>{Math.exp(answerLogProb).toPrecision(2)}</td>
              <td>{answerRank}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
