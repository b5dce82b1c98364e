import { allLayers } from '../../domain/layers.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { engineItem, promptsOf } from '../prompts.js'
import type { projectionScores } from './tables.js'

export interface ProjectionResult {
  readonly layers: readonly (Omit<typeof projectionScores.$inferSelect, 'runId'> & {
    /** Most likely first. */
    readonly tokens: readonly { readonly token: number; readonly text: string; readonly logProb: number }[]
  })[]
}

/**
 * θ projected to the vocabulary (paper, section 5.2, Tables 3 and 7; docs/protocol.md, Vocabulary projection): the mean θ_L over
 * the test items, through the final norm and the unembedding, for every L.
 */
export async function vocabularyProjection(
  engine: Pick<Engine, 'info' | 'encode' | 'decode' | 'evaluate' | 'project'>,
  { items, top }: TaskStep & { readonly top: number },
  options: EvaluateOptions,
): Promise<ProjectionResult> {
  const prompts = await promptsOf(engine, items)
  const layers = allLayers(engine.info.blocks)
  const { thetas } = await engine.evaluate(
    {
      items: prompts.map(({ theta, answerToken }) => engineItem(null, { thetaPrompts: theta, answerToken })),
      layers,
      thetas: 'mean',
    },
    options,
  )
  const answers = prompts.map(({ answerToken }) => answerToken)
  const tokens = [...new Set(answers)]
  const projections = await engine.project({ vectors: thetas ?? new Float32Array(0), top, tokens })
  const result: ProjectionResult['layers'][number][] = []
  for (const [i, layer] of layers.entries()) {
    const { top: likeliest = [], of = [] } = projections[i] ?? {}
    const texts = await engine.decode(likeliest.map(({ token }) => token))
    const found = answers.map((answer) => of[tokens.indexOf(answer)] ?? { rank: NaN, logProb: NaN })
    const within = (rank: number) => found.filter((each) => each.rank <= rank).length
    result.push({
      layer,
      tokens: likeliest.map(({ token, logProb }, t) => ({ token, text: texts[t] ?? '', logProb })),
      items: items.length,
      meanRank: found.reduce((sum, { rank }) => sum + rank, 0) / found.length,
      meanLogProb: found.reduce((sum, { logProb }) => sum + logProb, 0) / found.length,
      top1: within(1),
      top20: within(20),
      top100: within(100),
    })
  }
  return { layers: result }
}
