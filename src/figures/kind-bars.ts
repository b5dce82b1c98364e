import type { Layers } from './figure.js'
import { accuracyY, ink, kindColours, kinds } from './style.js'

/** The colour of a kind of run, field `kind`. */
export const kindColour = {
  field: 'kind',
  type: 'nominal',
  title: null,
  sort: [...kinds],
  scale: { domain: [...kinds], range: kinds.map((kind) => kindColours[kind]) },
} as const

/** Layers of a plot: for each of `names` a bar per kind of run, `y` high, with a thin line from `low` to `high`. */
export function kindBars(
  of: { readonly field: string; readonly title: string | null; readonly names: readonly string[] },
  y: string,
): Layers {
  const { field, title, names } = of
  const axis = { title, labelAngle: names.length > 3 ? -30 : 0 }
  const x = { field, type: 'nominal', sort: [...names], axis } as const
  const xOffset = { field: 'kind', type: 'nominal', sort: [...kinds] } as const
  // Bars start at 0.
  const height = { ...accuracyY, scale: { domain: [0, 1] as number[] } } as const
  return [
    {
      mark: { type: 'bar' },
      encoding: {
        ...{ x, xOffset, y: { ...height, field: y } },
        color: { ...kindColour, legend: { orient: 'bottom' } },
        description: { field: 'says' },
      },
    },
    {
      mark: { type: 'rule', color: ink, opacity: 0.75 },
      encoding: { x, xOffset, y: { ...height, field: 'low' }, y2: { field: 'high' } },
    },
  ]
}
