import { z } from 'zod'
import { insist, size } from './config.js'
import type { ExpertsSpec, LinearSpec, MlpSpec, Routing } from './decoder.js'
import type { LayerParts } from './layer-parts.js'

/** A config's number of experts; the largest published have 512. */
export const expertCount = size.max(4096)

/** In Qwen's and others' configs: which layers are mixtures; the rest have a single MLP. */
export const sparseLayerFields = {
  decoder_sparse_step: size.default(1),
  mlp_only_layers: z.array(z.int().nonnegative()).default([]),
}

export function isSparse(
  layer: number,
  c: { readonly decoder_sparse_step: number; readonly mlp_only_layers: readonly number[] },
): boolean {
  return !c.mlp_only_layers.includes(layer) && (layer + 1) % c.decoder_sparse_step === 0
}

/** The mixture of most families: softmax over all experts. Arguments give the rest. Throws MODEL. */
export function mixture(
  { linear, core }: LayerParts,
  path: string,
  {
    router,
    routerBias = false,
    count,
    perRow,
    expert,
    routing = {},
    ...given
  }: {
    readonly router: string
    readonly routerBias?: boolean
    readonly count: number
    readonly perRow: number
    readonly expert: (index: number) => MlpSpec
    readonly routing?: Partial<Routing>
    readonly shared?: ExpertsSpec['shared']
    readonly weighsInput?: boolean
  },
): ExpertsSpec {
  insist(perRow <= count, path, `a row goes to ${perRow} experts of ${count}`)
  return {
    kind: 'experts',
    router: linear(router, core.dModel, count, routerBias),
    experts: Array.from({ length: count }, (_, index) => expert(index)),
    perRow,
    routing: {
      score: 'softmax',
      normalised: false,
      scale: 1,
      correction: null,
      groups: null,
      jitter: 0,
      ...routing,
    },
    weighsInput: false,
    shared: null,
    ...given,
  }
}

/** A router and gated experts under Qwen's names, `dMlp` wide. */
export function namedExperts(parts: LayerParts, dMlp = parts.core.dMlp) {
  return {
    router: 'mlp.gate',
    expert: (index: number) => parts.gatedMlp({ name: `mlp.experts.${index}`, dMlp }),
  }
}

/** An expert's Linear that is stored with those of the others as one tensor, `[count, ..]`. */
export function linearOfExpert(
  { tensor }: LayerParts,
  { weight, bias = null }: { readonly weight: string; readonly bias?: string | null },
  { index, count }: { readonly index: number; readonly count: number },
  [inputs, outputs]: readonly [number, number],
  stored: LinearSpec['stored'],
): LinearSpec {
  const dims = stored === 'out-in' ? [outputs, inputs] : [inputs, outputs]
  return {
    weight: { ...tensor(weight, count, ...dims), part: index },
    bias: bias === null ? null : { ...tensor(bias, count, outputs), part: index },
    inputs,
    outputs,
    stored,
  }
}

/** A config's groups of experts. Throws MODEL. */
export function groupsOf(
  { count, chosen, best }: { count: number; chosen: number; best: 1 | 2 },
  { experts, perRow }: { experts: number; perRow: number },
  path: string,
): Routing['groups'] {
  const each = experts / count
  insist(Number.isInteger(each) && each >= best, path, `${experts} experts make no ${count} groups`)
  insist(chosen <= count && perRow <= chosen * each, path, `topk_group ${chosen} leaves too few experts`)
  return { count, chosen, best }
}

/** `n_shared_experts` that every row goes to, as one MLP. */
export function sharedExperts(
  parts: LayerParts,
  c: { readonly moe_intermediate_size: number; readonly n_shared_experts: number },
  bias = false,
) {
  const dMlp = c.moe_intermediate_size * c.n_shared_experts
  return { mlp: parts.gatedMlp({ name: 'mlp.shared_experts', dMlp, bias }), gate: null }
}

/** The mixture of DeepSeek-V3 and its successors: sigmoids, a bias for the choice, groups, shared experts. Throws MODEL. */
export function sigmoidMixture(
  parts: LayerParts,
  path: string,
  c: {
    readonly n_routed_experts: number
    readonly num_experts_per_tok: number
    readonly n_shared_experts: number
    readonly moe_intermediate_size: number
    readonly n_group: number
    readonly topk_group: number
    readonly norm_topk_prob: boolean
    readonly routed_scaling_factor: number
  },
): ExpertsSpec {
  const { n_routed_experts: count, num_experts_per_tok: perRow } = c
  return mixture(parts, path, {
    ...namedExperts(parts, c.moe_intermediate_size),
    count,
    perRow,
    routing: {
      score: 'sigmoid',
      normalised: c.norm_topk_prob,
      scale: c.routed_scaling_factor,
      correction: parts.tensor('mlp.gate.e_score_correction_bias', count),
      groups: groupsOf({ count: c.n_group, chosen: c.topk_group, best: 2 }, { experts: count, perRow }, path),
    },
    shared: sharedExperts(parts, c),
  })
}
