import { z } from 'zod'
import { flag, insist, size } from './config.js'
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

interface Mixture {
  readonly count: number
  readonly perRow: number
  readonly router?: string
  readonly routerBias?: boolean
  readonly routing?: Partial<Routing>
  /** How wide an expert is. */
  readonly dMlp?: number
  /** Unless experts have a gate, and Qwen's names. */
  readonly expert?: (index: number) => MlpSpec
  readonly shared?: ExpertsSpec['shared']
  readonly weighsInput?: boolean
}

/** The mixture of most families: softmax over all experts, Qwen's names. Arguments give the rest. Throws MODEL. */
export function mixture(
  parts: LayerParts,
  {
    count,
    perRow,
    router = 'mlp.gate',
    routerBias = false,
    routing = {},
    dMlp = parts.core.dMlp,
    expert = (index) => parts.gatedMlp({ name: `mlp.experts.${index}`, dMlp }),
    shared = null,
    weighsInput = false,
  }: Mixture,
): ExpertsSpec {
  insist(perRow <= count, `a row goes to ${perRow} experts of ${count}`)
  return {
    kind: 'experts',
    router: parts.linear(router, parts.core.dModel, count, routerBias),
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
    weighsInput,
    shared,
  }
}

/** The Linears of an expert's MLP, gate and up apart or as one product. */
type ExpertNames = { readonly down: string } & (
  | { readonly gate: string; readonly up: string }
  | { readonly gateUp: string; readonly order: 'columns' | 'alternating' }
)

/** Experts whose Linears are stored with those of the others as one tensor, `[count, ..]`. */
export function expertsOfOneTensor(
  { core, tensor }: LayerParts,
  count: number,
  names: ExpertNames,
  /** The tensors' names by the Linear's; without biases by default. */
  { weight, bias }: { weight: (linear: string) => string; bias?: (linear: string) => string },
  stored: LinearSpec['stored'],
): (index: number) => MlpSpec {
  const { dModel, dMlp, activation } = core
  return (part) => {
    const linear = (name: string, inputs: number, outputs: number): LinearSpec => ({
      weight: {
        ...tensor(weight(name), count, ...(stored === 'out-in' ? [outputs, inputs] : [inputs, outputs])),
        part,
      },
      bias: bias ? { ...tensor(bias(name), count, outputs), part } : null,
      ...{ inputs, outputs, stored },
    })
    return {
      kind: 'mlp',
      up:
        'gateUp' in names
          ? { kind: 'fused', gateUp: linear(names.gateUp, dModel, 2 * dMlp), order: names.order }
          : { kind: 'gated', gate: linear(names.gate, dModel, dMlp), up: linear(names.up, dModel, dMlp) },
      activation,
      down: linear(names.down, dMlp, dModel),
    }
  }
}

/** A config's groups of experts. Throws MODEL. */
export function groupsOf(
  { count, chosen, best }: { count: number; chosen: number; best: 1 | 2 },
  { experts, perRow }: { experts: number; perRow: number },
): Routing['groups'] {
  const each = experts / count
  insist(Number.isInteger(each) && each >= best, `${experts} experts do not divide into ${count} groups`)
  insist(chosen <= count && perRow <= chosen * each, `topk_group ${chosen} leaves too few experts`)
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

/** Of DeepSeek-V3 and its successors, with their most frequent defaults. */
export const sigmoidMixtureFields = {
  n_routed_experts: expertCount,
  n_shared_experts: size,
  num_experts_per_tok: size,
  moe_intermediate_size: size.default(1408),
  /** So many layers have a single MLP. */
  first_k_dense_replace: z.int().nonnegative().default(0),
  n_group: size.default(1),
  topk_group: size.default(1),
  norm_topk_prob: flag.default(true),
  routed_scaling_factor: z.number().default(1),
}

/** DeepSeek-V3's mixture: sigmoids, a bias for the choice, groups, shared experts. Throws MODEL. */
export function sigmoidMixture(
  parts: LayerParts,
  c: z.infer<z.ZodObject<typeof sigmoidMixtureFields>>,
): MlpSpec | ExpertsSpec {
  if (parts.layer < c.first_k_dense_replace) return parts.gatedMlp()
  const { n_routed_experts: count, num_experts_per_tok: perRow } = c
  return mixture(parts, {
    count,
    perRow,
    dMlp: c.moe_intermediate_size,
    routing: {
      score: 'sigmoid',
      normalised: c.norm_topk_prob,
      scale: c.routed_scaling_factor,
      correction: parts.tensor('mlp.gate.e_score_correction_bias', count),
      groups: groupsOf({ count: c.n_group, chosen: c.topk_group, best: 2 }, { experts: count, perRow }),
    },
    shared: sharedExperts(parts, c),
  })
}
