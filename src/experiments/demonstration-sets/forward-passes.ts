import type { Item } from '../../domain/types.js'
import type { EvaluateItem, EvaluateOptions, AnswerMetrics } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { engineItem, promptsOf, type RunningEngine } from '../prompts.js'
import { scoreOf, type Score, type Scores } from '../scores.js'
import { meanRow, thetasOf } from '../thetas.js'

export interface DemonstrationSetsStep extends TaskStep {
  readonly pool: readonly Item[]
  readonly sets: readonly number[]
  readonly layer: number
}

/**
 * θ averaged over n demonstration sets, patched in at the best L: f(x; θ) for growing n. An item takes the first n (S, x')
 * of a pool that do not contain x; an item with fewer than n is left out, so n = 50 can have fewer items.
 */
export async function demonstrationSets(
  engine: RunningEngine,
  { items, scoring, pool, sets, layer }: DemonstrationSetsStep,
  options: EvaluateOptions,
): Promise<Scores> {
  const thetas = await thetasOf(engine, pool, [layer], options)
  const dModel = thetas.length / pool.length
  const prompts = await promptsOf(engine, items)
  const request: (EvaluateItem & { n: number; item: Item })[] = items.flatMap((item, i) => {
    const clean = pool.flatMap((set, j) => (holds(set, item.query) ? [] : [j]))
    const { bare = [], answerToken = 0 } = prompts[i] ?? {}
    return sets
      .filter((n) => n <= clean.length)
      .map((n) => ({
        ...engineItem(bare, { givenTheta: meanRow(thetas, clean.slice(0, n), dModel), answerToken }),
        ...{ n, item },
      }))
  })
  const { patched } = await engine.evaluate({ items: request, layers: [layer] }, options)
  const scores: Score[] = []
  for (const n of sets) {
    const chosen = request.flatMap(({ n: of, item }, i) =>
      of === n ? [{ item, reading: patched[i]?.[0] as AnswerMetrics }] : [],
    )
    if (chosen.length === 0) continue
    scores.push(
      await scoreOf(
        engine,
        chosen.map(({ item }) => item),
        scoring,
        chosen.map(({ reading }) => reading),
        { setting: String(n), layer, sourceLayer: layer },
      ),
    )
  }
  return { scores }
}

/** Whether an input is among an item's demonstrations or dummy queries. */
function holds({ demonstrations, dummyQueries }: Item, input: string): boolean {
  return demonstrations.some((pair) => pair.input === input) || dummyQueries.includes(input)
}
