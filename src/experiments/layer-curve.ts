import type { Item, Scoring } from '../domain/types.js'
import type { EvaluateItem, EvaluateOptions, EvaluateRequest, AnswerMetrics } from '../engine/engine.js'
import { promptsOf, type ItemPrompts, type RunningEngine } from './prompts.js'
import { scoreOf, type Score, type Scores } from './scores.js'

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
