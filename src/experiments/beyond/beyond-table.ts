import { groupBy, meanAndSd } from '../../figures/paper-rules.js'
import { share, type Table } from '../../figures/table.js'
import type { BeyondScore } from './part.js'

const names: Readonly<Record<string, string>> = {
  demonstration_sets: 'θ over n demonstration sets',
  multi_context: 'multi-context θ',
  template_transfer: 'another template',
  addition: 'θ added',
  decodability: 'decodability',
}
/** Analyses at every L; the others are at each task's best L. */
const everyLayer = ['multi_context', 'addition', 'decodability']

/** Means over tasks, at the L with the highest mean if every L was computed. */
export function beyondTable(scores: readonly BeyondScore[]): Table {
  const rows = groupBy(scores, ({ model, analysis, setting }) => `${model}\n${analysis}\n${setting}`).map(
    ([, of]) => {
      const { model, analysis, setting } = of[0] as BeyondScore
      const layers = everyLayer.includes(analysis) ? groupBy(of, ({ layer }) => layer) : [[null, of] as const]
      const best = layers
        .map(([layer, at]) => ({ layer, at, ...meanAndSd(at.map(({ correct, items }) => correct / items)) }))
        .reduce((a, b) => (b.mean > a.mean ? b : a))
      const mean = (key: 'answerLogProb' | 'answerRank' | 'answerLogitDifference', digits: number) => {
        const values = best.at.flatMap((score) => score[key] ?? [])
        return values.length === 0 ? '' : meanAndSd(values).mean.toFixed(digits)
      }
      return {
        model,
        analysis: names[analysis] ?? analysis,
        setting: analysis === 'demonstration_sets' ? `n = ${setting}` : setting,
        layer: best.layer ?? 'best',
        tasks: best.at.length,
        accuracy: `${share(best.mean)} ± ${share(best.sd)}`,
        logProb: mean('answerLogProb', 2),
        rank: mean('answerRank', 1),
        logitDifference: mean('answerLogitDifference', 2),
      }
    },
  )
  return {
    id: 'beyond',
    title: 'Experiments beyond the paper',
    caption:
      'Means over tasks, accuracy ± one standard deviation; log-probability, rank and logit difference of the answer’s first token. L: “best” is each task’s own best L, chosen on dev items; a number is the L with the highest mean on these test items, so its accuracy is an upper bound.',
    columns: {
      model: 'Model',
      analysis: 'Experiment',
      setting: 'Setting',
      layer: 'L',
      tasks: 'Tasks',
      accuracy: 'Accuracy',
      logProb: 'Log-probability',
      rank: 'Rank',
      logitDifference: 'Logit difference',
    },
    align: 'lllrrrrrr',
    rows,
  }
}
