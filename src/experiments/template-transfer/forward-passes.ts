import type { EvaluateOptions, AnswerMetrics } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { promptsOf, type RunningEngine } from '../prompts.js'
import { scoreOf, type Score, type Scores } from '../scores.js'

/** θ of [S, x', ->] in the format of docs/protocol.md, Prompt, patched in at the best L of a query that is written in another template. */
export async function templateTransfer(
  engine: RunningEngine,
  {
    items,
    scoring,
    templates,
    layer,
  }: TaskStep & { readonly templates: readonly string[]; readonly layer: number },
  options: EvaluateOptions,
): Promise<Scores> {
  const prompts = await promptsOf(engine, items)
  const scores: Score[] = []
  for (const [t, template] of templates.entries()) {
    // A function, since `replace` would read `$&` in a query as a pattern.
    const written = await engine.encode(items.map(({ query }) => template.replace('{x}', () => query)))
    const request = prompts.map(({ theta, answerToken }, i) => ({
      thetaPrompts: theta,
      patchedPrompt: written[i] ?? [],
      plainPrompts: [],
      answerToken,
    }))
    const { patched } = await engine.evaluate(
      { items: request, layers: [layer] },
      { ...options, onProgress: (share) => options.onProgress?.((t + share) / templates.length) },
    )
    const readings = patched.map((row) => row[0] as AnswerMetrics)
    scores.push(
      await scoreOf(engine, items, scoring, readings, { setting: template, layer, sourceLayer: layer }),
    )
  }
  return { scores }
}
