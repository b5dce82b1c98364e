import type { Figure } from '../../figures/figure.js'
import { accuracyColour, config, shown } from '../../figures/style.js'

/** θ taken after block `sourceLayer`, patched in after block `layer`: mean accuracy over tasks. */
export interface TransferCell {
  readonly model: string
  readonly sourceLayer: number
  readonly layer: number
  readonly accuracy: number
  readonly tasks: number
}

/** Beyond the paper: θ taken after block L' and patched in after block L, mean accuracy over tasks. */
export function layerTransfer(model: string, cells: readonly TransferCell[]): Figure | null {
  if (cells.length === 0) return null
  const axis = (title: string) =>
    ({ title, labelOverlap: 'greedy', labelAngle: 0, ticks: false, domain: false }) as const
  return {
    id: `layer-transfer-${model}`,
    title: 'θ of one layer patched in at another',
    subtitle: model,
    caption:
      'Hypothesis accuracy, mean over tasks, with θ taken after one block and patched in after another. The diagonal is the paper’s experiment.',
    spec: {
      config,
      width: 275,
      height: 275,
      data: {
        values: cells.map((cell) => ({
          ...cell,
          says: `θ taken after block ${cell.sourceLayer}, patched in after block ${cell.layer}: ${shown(cell.accuracy)} over ${cell.tasks} tasks`,
        })),
      },
      mark: { type: 'rect' },
      encoding: {
        x: { field: 'sourceLayer', type: 'ordinal', axis: axis('block after which θ is taken') },
        y: {
          field: 'layer',
          type: 'ordinal',
          sort: 'descending',
          axis: axis('block after which it is patched in'),
        },
        color: accuracyColour,
        description: { field: 'says' },
      },
    },
    rows: cells.map((cell) => ({ ...cell })),
  }
}
