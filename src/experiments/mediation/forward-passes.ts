import type { Item } from '../../domain/types.js'
import { replaced, type Branch, type ComponentsResult } from '../../engine/components.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import { bootstrapMeans } from '../../statistics/bootstrap.js'
import type { TaskStep } from '../experiment.js'
import { within } from '../progress.js'
import { promptsOf } from '../prompts.js'

/** The patched components, as named in configs and tables; `heads` are patched one by one. */
export const mediators = ['heads', 'attention', 'mlp', 'resid_post'] as const
export type Mediator = (typeof mediators)[number]

const componentOf = {
  heads: 'heads',
  attention: 'attn_out',
  mlp: 'mlp_out',
  resid_post: 'resid_post',
} as const

export interface MediationStep extends TaskStep {
  /** Clean prompts, whose mean is put into those of `items`, which have shuffled labels. */
  readonly clean: readonly Item[]
  readonly components: readonly Mediator[]
  readonly seed: number
}

export interface Effect {
  readonly component: Mediator
  readonly layer: number
  /** Null for a whole layer. */
  readonly head: number | null
  /** The answer's probability with the patch minus without, mean over the items; 95 %. */
  readonly effect: number
  readonly low: number
  readonly high: number
}

export interface MediationResult {
  readonly effects: readonly Effect[]
  readonly items: number
  /** The answer's mean probability, clean and with shuffled labels, without patching. */
  readonly clean: number
  readonly shuffled: number
}

/**
 * Causal indirect effects (Todd et al. 2023, section 2.3), for one task:
 *
 * 1. Each component's mean at the last token of the clean prompts [S, x, ->].
 * 2. That mean patched in at the last token of prompts with shuffled labels, one component at a time.
 * 3. Effect: the gain in probability of the answer's first token.
 */
export async function mediationEffects(
  engine: Pick<Engine, 'encode' | 'components'>,
  { items, clean, components, seed }: MediationStep,
  options: EvaluateOptions,
): Promise<MediationResult> {
  const kinds = components.map((component) => componentOf[component])
  const means = await engine.components(
    { items: await asked(engine, clean, []), capture: { components: kinds, as: 'mean' } },
    within(options, 0, 0.1),
  )
  const places = components.flatMap((component) => patches(component, means))
  const all = places.map(({ branch }) => branch)
  const { own, branches } = await engine.components(
    { items: await asked(engine, items, all) },
    within(options, 0.1, 1),
  )
  const before = own.map(({ answerLogProb }) => Math.exp(answerLogProb))
  const differences = branches.map((readings, item) =>
    readings.map(({ answerLogProb }) => Math.exp(answerLogProb) - (before[item] as number)),
  )
  const intervals = bootstrapMeans(differences, { seed })
  return {
    effects: places.map(({ branch: _branch, ...place }, i) => {
      const { mean, low, high } = intervals[i] as (typeof intervals)[number]
      return { ...place, effect: mean, low, high }
    }),
    items: items.length,
    clean: meanOf(means.own.map(({ answerLogProb }) => Math.exp(answerLogProb))),
    shuffled: meanOf(before),
  }
}

/** One branch for each head, or each layer. */
function patches(
  component: Mediator,
  { captured, heads }: Pick<ComponentsResult, 'captured' | 'heads'>,
): Patch[] {
  const kind = componentOf[component]
  return (captured[kind] ?? []).flatMap((mean, layer): Patch[] => {
    if (kind !== 'heads')
      return [{ component, layer, head: null, branch: [replaced({ component: kind, layer }, mean)] }]
    const count = heads[layer] as number
    const width = mean.length / count
    return Array.from({ length: count }, (_, head) => {
      const ofHead = mean.slice(head * width, (head + 1) * width)
      return { component, layer, head, branch: [replaced({ component: kind, layer, head }, ofHead)] }
    })
  })
}

interface Patch extends Pick<Effect, 'component' | 'layer' | 'head'> {
  readonly branch: Branch
}

async function asked(engine: Pick<Engine, 'encode'>, items: readonly Item[], branches: readonly Branch[]) {
  const prompts = await promptsOf(engine, items)
  return prompts.map(({ regular, answerToken }) => ({ prompt: regular, branches, answerToken }))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
