import type Database from 'better-sqlite3'
import type { SweepConfig } from '../config/sweep-config.js'
import { predictionValues, type MainRow } from '../store/results.js'

/**
 * A `taskvec predict` command that shows the effect on one query: the first test query that θ answers correctly, of the built-in
 * task with the largest gain of hypothesis over baseline. Null if there is none.
 */
export function effectCommand(
  db: Database.Database,
  sweep: string,
  config: SweepConfig,
  rows: readonly MainRow[],
): string | null {
  const models = config.models.filter((model) => Object.keys(model).length === 1).map(({ id }) => id)
  const tasks = config.tasks.filter(({ kind, id }) => kind === 'builtin' && !id.includes('_list_'))
  const gain = ({ hypothesis, baseline }: MainRow) => hypothesis - baseline
  const [best] = rows
    .filter(({ model, task }) => models.includes(model) && tasks.some(({ id }) => id === task))
    .sort((a, b) => gain(b) - gain(a))
  if (!best || best.bestLayer === null || gain(best) <= 0) return null
  const { model, task, bestLayer: layer } = best
  for (const [, , split, , , , query, , , correct] of predictionValues(db, sweep, {
    model,
    task,
    layer,
    kind: 'hypothesis',
  }))
    if (split === 'test' && correct === true)
      return `npx taskvec predict --model ${model} --task ${task} --layer ${layer} --query ${JSON.stringify(String(query).trim())}`
  return null
}
