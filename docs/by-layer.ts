/**
 * The README's picture (the paper's Figure 3 for one sweep): dev accuracy of the hypothesis run by layer L,
 * a thin line per task, and the mean over the tasks whose best dev accuracy exceeds 0.75, band = one standard deviation.
 *
 *   npx taskvec results --table layers --format json | npx tsx docs/by-layer.ts > docs/by-layer.svg
 */
import { text } from 'node:stream/consumers'
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

interface Row {
  readonly model: string
  readonly task: string
  readonly layer: number
  readonly accuracy: number
}

const rows = JSON.parse(await text(process.stdin)) as Row[]
process.stdout.write((await draw(rows)) + '\n')

async function draw(rows: readonly Row[]): Promise<string> {
  const best = new Map<string, number>()
  for (const { task, accuracy } of rows) best.set(task, Math.max(accuracy, best.get(task) ?? 0))
  const values = rows.map((row) => ({
    ...row,
    category: row.task.split('_')[0],
    learned: (best.get(row.task) ?? 0) > 0.75,
  }))
  const learned = [...best.values()].filter((accuracy) => accuracy > 0.75).length
  const models = [...new Set(rows.map((row) => row.model))].join(', ')
  const x = { field: 'layer', type: 'quantitative', title: 'layer L after which θ is patched in' } as const
  const spec: TopLevelSpec = {
    background: 'white',
    padding: 12,
    width: 620,
    height: 300,
    title: {
      text: `A task vector alone answers: ${models}`,
      subtitle: [
        'hypothesis accuracy on dev items by layer, a line per task',
        `bold: mean and s.d. of the ${learned} tasks above 0.75 at their best L`,
      ],
      anchor: 'start',
    },
    data: { values },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 1, opacity: 0.55 },
        encoding: {
          x,
          y: { field: 'accuracy', type: 'quantitative', scale: { domain: [0, 1] }, title: 'accuracy' },
          detail: { field: 'task' },
          // Okabe and Ito's colours: told apart by colour-blind readers too.
          color: {
            field: 'category',
            type: 'nominal',
            title: 'tasks',
            scale: { range: ['#0072B2', '#E69F00', '#009E73', '#CC79A7'] },
          },
        },
      },
      {
        transform: [{ filter: 'datum.learned' }],
        mark: { type: 'errorband', extent: 'stdev', color: '#333333', opacity: 0.15 },
        encoding: { x, y: { field: 'accuracy', type: 'quantitative' } },
      },
      {
        transform: [{ filter: 'datum.learned' }],
        mark: { type: 'line', strokeWidth: 3.5, color: '#222222' },
        encoding: { x, y: { aggregate: 'mean', field: 'accuracy', type: 'quantitative' } },
      },
    ],
    config: { font: 'sans-serif', view: { stroke: null }, axis: { gridColor: '#eeeeee' } },
  }
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG()
}
