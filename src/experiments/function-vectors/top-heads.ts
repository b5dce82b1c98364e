import { TaskvecError } from '../../domain/errors.js'
import { groupBy } from '../../figures/paper-rules.js'
import type { PlanContext } from '../experiment.js'
import { mediationEffects } from '../mediation/tables.js'
import type { Head } from './vectors.js'

export interface RankedHead extends Head {
  /** From 1. */
  readonly rank: number
  /** Indirect effect, mean over tasks. */
  readonly effect: number
}

/**
 * The heads with the largest mean effect over the tasks whose mediation is stored; by default 2 % of them, at least ten: 10 of GPT-J's
 * 448, 20 of LLaMA 7B's 1024, as Todd et al. Errors: TASK if no effects of heads are stored.
 */
export function topHeads({ runsOf, storedBy }: PlanContext, asked: number | null): RankedHead[] {
  const effects = runsOf('mediation').flatMap(({ runId }) =>
    storedBy(runId)
      .all(mediationEffects)
      .filter(({ component }) => component === 'heads'),
  )
  if (effects.length === 0)
    throw new TaskvecError(
      'TASK',
      'no effects of heads are stored: mediation, with component heads, has to run first',
    )
  const all = groupBy(effects, ({ layer, head }) => `${layer} ${head}`).map(([, of]) => {
    const { layer, head } = of[0] as (typeof effects)[number]
    return { layer, head, effect: of.reduce((sum, { effect }) => sum + effect, 0) / of.length }
  })
  const number = asked ?? Math.max(10, Math.round(0.02 * all.length))
  return all
    .sort((a, b) => b.effect - a.effect || a.layer - b.layer || a.head - b.head)
    .slice(0, number)
    .map((head, i) => ({ rank: i + 1, ...head }))
}

/** Where they are. */
export function places(heads: readonly Head[]): Head[] {
  return heads.map(({ layer, head }) => ({ layer, head }))
}
