import type { Figure } from '../../figures/figure.js'
import { headCells } from '../../figures/head-cells.js'
import { config, plotWidth } from '../../figures/style.js'
import { meansOverTasks } from '../task-means.js'
import type { attentionView } from './tables.js'

type AttentionRow = typeof attentionView.$inferSelect
export type Share = Pick<AttentionRow, 'model' | 'task' | 'layer' | 'head' | 'part' | 'attention' | 'tokens'>

/** The panels; the other parts belong to the prompt's format. */
const titles: Readonly<Record<string, string>> = {
  inputs: 'inputs',
  outputs: 'outputs',
  query: 'query',
  induction: 'behind an equal token',
}

/** Attention of all heads to the demonstrations and the query, averaged over the tasks: layers by heads. */
export function attentionMap(model: string, rows: readonly Share[]): Figure | null {
  const means = meansOverTasks(
    rows.filter(({ part }) => part in titles),
    {
      cell: ({ layer, head, part }) => `${part} ${layer} ${head}`,
      of: ({ attention }) => attention,
      resamples: 1000,
    },
  )
  if (means.length === 0) return null
  const values = means.map(({ row: { layer, head, part }, mean, low, high, tasks }) => ({
    ...{ model, part, layer, head, attention: mean, low, high, tasks },
    panel: titles[part],
    says: `${model}, layer ${layer}, head ${head}, ${titles[part]}: ${share(mean)} [${share(low)}, ${share(high)}] over ${tasks} tasks`,
  }))
  const heads = new Set(values.map(({ head }) => head)).size
  return {
    id: `attention-${model}`,
    title: 'Where the last token looks',
    subtitle: model,
    caption:
      'Attention of each head at the last token of [S, x, →] to the demonstrations’ inputs and outputs, to the query, and to the tokens that follow earlier copies of the last token, which induction heads read; mean over tasks. Hover: 95 % interval, bootstrap over tasks.',
    spec: {
      config,
      data: { values },
      facet: { field: 'panel', type: 'nominal', title: null, sort: Object.values(titles) },
      columns: 2,
      bounds: 'flush',
      spacing: { row: 48, column: 40 },
      spec: {
        width: (plotWidth - 40) / 2,
        height: { step: Math.max(4, Math.min(16, 130 / heads)) },
        ...headCells('attention', { scheme: 'viridis', domainMin: 0 }),
      },
    },
    rows: values.map(({ says: _says, panel: _panel, ...row }) => row),
  }
}

function share(value: number): string {
  return value.toFixed(3)
}
