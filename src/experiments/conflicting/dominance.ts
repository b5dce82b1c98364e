import { groupBy, taskName } from '../../figures/paper-rules.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import type { Figure } from '../../figures/figure.js'
import { panelPerModel } from '../../figures/panels.js'
import { accuracyX, config, kindColours, shownOf } from '../../figures/style.js'
import type { ConflictingRow } from './table-2.js'

const answers = ['task A (S)', 'task B (θ)'] as const
const colours = [kindColours.regular, kindColours.hypothesis]

/** Table 2 as a picture: demonstrations of A, without and with θ of B, each scored against both tasks' answers. */
export function dominance(rows: readonly ConflictingRow[]): Figure | null {
  if (rows.length === 0) return null
  const values = rows.flatMap((row) => {
    const pair = `S: ${taskName(row.taskA)} / θ: ${taskName(row.taskB)}`
    return (['regular', 'conflicting'] as const).flatMap((kind) =>
      answers.map((answer, i) => {
        const correct = row[i === 0 ? (`${kind}A` as const) : (`${kind}B` as const)]
        return {
          model: row.model,
          taskA: row.taskA,
          taskB: row.taskB,
          pair,
          run: kind === 'regular' ? 'S alone' : 'S and θ of B',
          answer,
          accuracy: correct / row.items,
          ...wilsonInterval(correct, row.items),
          items: row.items,
          says: `${row.model}, ${pair}, ${kind === 'regular' ? 'demonstrations of A alone' : row.layer === null ? 'θ of B patched in' : `θ of B patched in at L = ${row.layer}`}, right by ${answer}: ${shownOf(correct, row.items)}`,
        }
      }),
    )
  })
  const models = groupBy(rows, ({ model }) => model).map(([model]) => model)
  const pairs = [...new Set(values.map(({ pair }) => pair))]
  const y = {
    field: 'pair',
    type: 'nominal',
    sort: pairs,
    axis: {
      title: null,
      labelExpr: "split(datum.label, ' / ')",
      labelLineHeight: 13,
      domain: false,
      labelPadding: 8,
      ticks: false,
      grid: true,
      tickBand: 'extent',
    },
  } as const
  const yOffset = { field: 'run', type: 'nominal', sort: ['S alone', 'S and θ of B'] } as const
  const color = {
    field: 'answer',
    type: 'nominal',
    title: 'right by the answer of',
    scale: { domain: [...answers], range: colours },
    legend: { orient: 'bottom' },
  } as const
  const runs = ['S alone', 'S and θ of B']
  return {
    id: 'dominance',
    title: 'θ against the demonstrations (Table 2)',
    caption:
      'Demonstrations of task A, alone (upper row, hollow) and with θ of task B patched in at B’s best L (lower row, filled), scored against both tasks’ answers; Wilson’s interval, 95 %.',
    spec: {
      config,
      data: { values },
      ...panelPerModel(models, { step: 18 }, [
        {
          mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.6 },
          encoding: { y, yOffset, x: { ...accuracyX, field: 'low' }, x2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', size: 46, opacity: 1, strokeWidth: 1.8 },
          encoding: {
            y,
            yOffset,
            x: { ...accuracyX, field: 'accuracy' },
            color,
            fill: {
              condition: answers.map((answer, i) => ({
                test: `datum.run === '${runs[1]}' && datum.answer === '${answer}'`,
                value: colours[i] as string,
              })),
              value: '#ffffff',
            },
            shape: {
              field: 'answer',
              type: 'nominal',
              title: 'right by the answer of',
              scale: { domain: [...answers], range: ['circle', 'diamond'] },
              legend: { orient: 'bottom' },
            },
            description: { field: 'says' },
          },
        },
      ]),
    },
    rows: values.map(({ says: _says, pair: _pair, ...row }) => row),
  }
}
