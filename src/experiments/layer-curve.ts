import type { Score, Scores } from '../domain/experiments.js'
import type { Item, Scoring } from '../domain/types.js'
import type { EvaluateItem, EvaluateOptions, EvaluateRequest, AnswerMetrics } from '../engine/engine.js'
import { promptsOf, type ItemPrompts, type RunningEngine } from './main/main-experiment.js'
import { scoreOf } from './score.js'

/** [x, ->] of every item, with a θ of some kind patched in after each L: a score per L. */
export async function layerCurve(
  engine: RunningEngine,
  items: readonly Item[],
  scoring: Scoring,
  request: Omit<EvaluateRequest, 'items'>,
  thetaOf: (prompts: ItemPrompts, item: number) => Pick<EvaluateItem, 'thetaPrompts' | 'givenTheta'>,
  options: EvaluateOptions,
): Promise<Scores> {
  const prompts = await promptsOf(engine, items)
  const { patched } = await engine.evaluate(
    {
      ...request,
      items: prompts.map((each, i) => ({
        ...thetaOf(each, i),
        patchedPrompt: each.bare,
        plainPrompts: [],
        answerToken: each.answerToken,
      })),
    },
    options,
  )
  const scores: Score[] = []
  for (const [i, layer] of request.layers.entries()) {
    const readings = patched.map((row) => row[i] as AnswerMetrics)
    scores.push(await scoreOf(engine, items, scoring, readings, { setting: '', layer, sourceLayer: layer }))
  }
  return { scores }
}

export function allLayers({ blocks }: { readonly blocks: number }): number[] {
  return Array.from({ length: blocks }, (_, layer) => layer)
}
