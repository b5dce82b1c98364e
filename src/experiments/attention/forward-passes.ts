import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import { bootstrapMeans } from '../../statistics/bootstrap.js'
import type { TaskStep } from '../experiment.js'
import { toBase64 } from '../thetas.js'
import { groupedPrompts, groups, type Group } from './groups.js'

export interface AttentionStep extends TaskStep {
  readonly seed: number
}

export interface AttentionResult {
  readonly items: number
  /** Groups that have tokens, with their mean number per prompt. */
  readonly groups: readonly { readonly group: Group; readonly tokens: number }[]
  /** Query heads, by layer. */
  readonly heads: readonly number[]
  /** Mean over the items and the ends of its interval: `[layers, heads, groups, 3]`, f32 little-endian. */
  readonly base64: string
}

/** A model of 5,120 heads has 40,000 intervals a task. */
const resamples = 1000

/** What the last token of [S, x, ->] attends to: each head's attention to each group of tokens, summed over the group. */
export async function attentionShares(
  engine: Pick<Engine, 'encode' | 'components'>,
  { items, seed }: AttentionStep,
  options: EvaluateOptions,
): Promise<AttentionResult> {
  const prompts = await groupedPrompts(engine, items)
  const { captured, heads } = await engine.components(
    {
      items: prompts.map((asked) => ({ ...asked, branches: [], answerToken: 0 })),
      capture: { components: ['pattern'], as: 'each' },
    },
    options,
  )
  const tokens = groups.map(
    (_, g) => prompts.reduce((sum, { groups }) => sum + (groups[g]?.length ?? 0), 0) / items.length,
  )
  const shown = groups.flatMap((group, g) => (tokens[g] ? [{ group, tokens: tokens[g], g }] : []))
  const values = (captured.pattern ?? []).flatMap((rows) => {
    const width = rows.length / items.length
    const byItem = items.map((_, item) => Array.from(rows.subarray(item * width, (item + 1) * width)))
    const intervals = bootstrapMeans(byItem, { seed, resamples })
    return intervals.flatMap(({ mean, low, high }, column) =>
      shown.some(({ g }) => g === column % groups.length) ? [mean, low, high] : [],
    )
  })
  return {
    items: items.length,
    groups: shown.map(({ group, tokens }) => ({ group, tokens })),
    heads,
    base64: toBase64(Float32Array.from(values)),
  }
}
