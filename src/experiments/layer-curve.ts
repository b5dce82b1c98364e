import type { Item, Scoring } from '../domain/types.js'
import type { EvaluateItem, EvaluateOptions, EvaluateRequest } from '../engine/engine.js'
import { engineItem, promptsOf, type ItemPrompts, type RunningEngine } from './prompts.js'
import { scoresByLayer, type Scores } from './scores.js'

/** A score per L: [x, ->] of every item, with some kind of θ patched in after each L. */
export async function layerCurve(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  request: Omit<EvaluateRequest, 'items'>,
  thetaOf: (prompts: ItemPrompts, item: number) => Partial<EvaluateItem>,
  options: EvaluateOptions,
): Promise<Scores> {
  const prompts = await promptsOf(engine, items)
  const { patched } = await engine.evaluate(
    {
      ...request,
      items: prompts.map((each, i) =>
        engineItem(each.bare, { ...thetaOf(each, i), answerToken: each.answerToken }),
      ),
    },
    options,
  )
  return { scores: await scoresByLayer(engine, items, scoring, patched, request.layers) }
}
