import { groupBy } from '../../figures/paper-rules.js'
import type { Table } from '../../figures/table.js'
import type { Share } from './attention-map.js'

const shownHeads = 10

/** The heads that read labels most, by model, with their attention to what induction heads would read. */
export function readersTable(rows: readonly Share[]): Table {
  return {
    id: 'label-readers',
    title: 'Heads that read labels',
    caption:
      'The heads that attend most to the demonstrations’ outputs, mean over tasks; next to it, what uniform attention would give the outputs, and the heads’ attention to the tokens that follow an earlier copy of the last token.',
    columns: {
      ...{ model: 'Model', rank: 'Rank', layer: 'Layer', head: 'Head' },
      ...{ outputs: 'Outputs', even: 'Even', induction: 'Induction' },
    },
    align: 'lrrrrrr',
    rows: groupBy(rows, ({ model }) => model).flatMap(([model, of]) => {
      const even = evenShare(of)
      return groupBy(of, ({ layer, head }) => `${layer} ${head}`)
        .map(([, cells]) => {
          const { layer, head } = cells[0] as Share
          const mean = (part: Share['part']) =>
            meanOf(cells.filter((cell) => cell.part === part).map(({ attention }) => attention))
          return { layer, head, outputs: mean('outputs'), induction: mean('induction') }
        })
        .sort((a, b) => b.outputs - a.outputs)
        .slice(0, shownHeads)
        .map(({ layer, head, outputs, induction }, i) => ({
          ...{ model, rank: i + 1, layer, head },
          ...{ outputs: outputs.toFixed(3), even: even.toFixed(3), induction: induction.toFixed(3) },
        }))
    }),
  }
}

/** The outputs' share of the prompts' tokens, mean over tasks. */
function evenShare(rows: readonly Share[]): number {
  const { layer, head } = rows[0] as Share
  const ofOneHead = rows.filter((row) => row.layer === layer && row.head === head)
  return meanOf(
    groupBy(ofOneHead, ({ task }) => task).map(([, parts]) => {
      const tokens = (of: readonly Share[]) => of.reduce((sum, { tokens }) => sum + tokens, 0)
      const outputs = parts.filter(({ part }) => part === 'outputs')
      return tokens(outputs) / tokens(parts.filter(({ part }) => part !== 'induction'))
    }),
  )
}

/** 0 if there are none: prompts without demonstrations have no outputs. */
function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length
}
