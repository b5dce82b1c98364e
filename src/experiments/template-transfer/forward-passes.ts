import type { EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { inParts } from '../progress.js'
import { engineItem, promptsOf, type RunningEngine } from '../prompts.js'
import { scoresByLayer, type Score, type Scores } from '../scores.js'

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
  const part = inParts(options, templates.length)
  const scores: Score[] = []
  for (const template of templates) {
    // A function, since `replace` would read `$&` in a query as a pattern.
    const written = await engine.encode(items.map(({ query }) => template.replace('{x}', () => query)))
    const request = prompts.map(({ theta, answerToken }, i) =>
      engineItem(written[i] ?? [], { thetaPrompts: theta, answerToken }),
    )
    const { patched } = await engine.evaluate({ items: request, layers: [layer] }, part())
    scores.push(...(await scoresByLayer(engine, items, scoring, patched, [layer], template)))
  }
  return { scores }
}
