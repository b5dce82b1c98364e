import type { Figure } from '../../figures/figure.js'
import { headCells } from '../../figures/head-cells.js'
import { config, plotWidth } from '../../figures/style.js'
import { averageEffects, type MediationRow } from './average.js'

/** Effects of all heads, averaged over the tasks: layers by heads. */
export function headMap(model: string, rows: readonly MediationRow[]): Figure | null {
  const heads = averageEffects(rows.filter(({ component }) => component === 'heads'))
  if (heads.length === 0) return null
  const largest = Math.max(...heads.map(({ effect }) => Math.abs(effect)), Number.MIN_VALUE)
  const values = heads.map(({ component: _component, ...cell }) => ({
    model,
    ...cell,
    says: `${model}, layer ${cell.layer}, head ${cell.head}: ${signed(cell.effect)} [${signed(cell.low)}, ${signed(cell.high)}] over ${cell.tasks} tasks`,
  }))
  return {
    id: `head-effects-${model}`,
    title: 'Heads that write the task',
    subtitle: model,
    caption:
      'Each head’s mean output over clean prompts, patched in at the last token of prompts with shuffled labels: change of the answer’s probability, mean over tasks; hover: 95 % interval, bootstrap over tasks.',
    spec: {
      config,
      data: { values },
      width: plotWidth,
      height: { step: Math.max(9, Math.min(18, 240 / (new Set(heads.map(({ head }) => head)).size || 1))) },
      ...headCells('effect', {
        domain: [-largest, 0, largest],
        range: ['#0072B2', '#f4f4f4', '#D55E00'],
      }),
    },
    rows: values.map(({ says: _says, ...row }) => row),
  }
}

export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`
}
