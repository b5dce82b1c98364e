import type { Figure } from '../../figures/figure.js'
import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import { accuracyPanels } from '../../figures/panels.js'
import { shown } from '../../figures/style.js'
import type { PromptKind } from './forward-passes.js'
import type { functionVectorsView } from './tables.js'

type Score = Pick<typeof functionVectorsView.$inferSelect, 'model' | 'task' | 'kind' | 'layer' | 'accuracy'>
export type VectorScore = Score & { readonly prompt: PromptKind }

/** Names of the vectors in figures. */
export const vectorNames: Readonly<Record<string, string>> = {
  'theta-replaced': 'θ in place',
  'theta-added': 'θ added',
  'function-vector': 'function vector',
  'random-vector': 'random vector',
}
const prompts = { 'zero-shot': 'query alone', shuffled: 'shuffled labels' } as const

/** Accuracy by L of θ and of the function vector, mean over tasks: queries alone, and demonstrations with shuffled labels. */
export function byLayer(model: string, scores: readonly VectorScore[]): Figure | null {
  if (scores.length === 0) return null
  const values = groupBy(scores, ({ prompt, kind, layer }) => `${prompt} ${kind} ${layer}`).map(([, of]) => {
    const { prompt, kind, layer } = of[0] as VectorScore
    const { mean, sd } = meanAndSd(of.map(({ accuracy }) => accuracy))
    const vector = vectorNames[kind] ?? kind
    return {
      ...{ model, prompt: prompts[prompt], vector, layer, accuracy: mean, sd, tasks: of.length },
      says: `${model}, ${prompts[prompt]}, ${vector}, L = ${layer}: ${shown(mean)} ± ${shown(sd)} over ${of.length} tasks`,
    }
  })
  return {
    id: `function-vectors-${model}`,
    title: 'θ and function vectors',
    subtitle: model,
    caption:
      'Accuracy with θ replacing the last token’s state after block L or added to it, with the function vector (the sum of the top heads’ mean outputs) added, and with a random vector of its norm; mean over tasks, hover: ± one standard deviation.',
    spec: accuracyPanels(
      values,
      { field: 'prompt', names: Object.values(prompts) },
      { field: 'vector', names: Object.values(vectorNames), legend: { columns: 2 } },
    ),
    rows: values.map(({ says: _says, ...row }) => row),
  }
}
