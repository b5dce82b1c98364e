import type {
  ActivationSpec,
  LinearSpec,
  MlpSpec,
  NormSpec,
  Rotary,
  TensorRef,
  AttentionSpec,
  DecoderSpec,
  ExpertsSpec,
  FusedProjection,
  LayerNorms,
} from './decoder.js'
import { linear, tensor, type NormKind } from './parts.js'
import type { RotaryOptions } from './rotary.js'

/** The sizes of a layer, and what its parts have in common. */
interface Core {
  readonly dModel: number
  readonly heads: number
  readonly keyValueHeads: number
  readonly dHead: number
  readonly dMlp: number
  readonly activation: ActivationSpec
  readonly rotary: Rotary | null
}

export const llamaNames = {
  prefix: 'model.',
  tokens: 'model.embed_tokens',
  layers: 'model.layers',
  finalNorm: 'model.norm',
  head: 'lm_head',
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  out: 'self_attn.o_proj',
}

/** How a family differs from LLaMA. Functions are called for each layer. */
export interface Changes {
  readonly names?: Partial<typeof llamaNames>
  /** The kind of norm used throughout. */
  readonly norm?: NormKind
  /** Null: no rotary embedding. */
  readonly rotary?: Partial<RotaryOptions> | null
  /**
   * Biases of the projections of queries, keys and values, and of the attention output; by default both as the config's
   * `attention_bias` says.
   */
  readonly bias?: { readonly queryKeyValue?: boolean; readonly out?: boolean }
  /** One product for queries, keys and values, under this name. */
  readonly fused?: { readonly name: string; readonly order: FusedProjection['order'] }
  /** How weights are stored in the blocks. */
  readonly stored?: LinearSpec['stored']
  /** Which layers have the config's `sliding_window` where it has no `layer_types`; if left out, all, whatever their types. */
  readonly sliding?: (layer: number) => boolean
  /** Norms of queries and keys, under the usual names: of each head, or over all heads together. */
  readonly queryKeyNorms?: 'each head' | 'all heads' | null
  readonly attention?: (parts: LayerParts, usual: AttentionSpec) => Partial<AttentionSpec>
  readonly mlp?: (parts: LayerParts) => MlpSpec | ExpertsSpec
  readonly norms?: (parts: LayerParts) => Partial<LayerNorms>
  readonly parallel?: boolean
  readonly residualScale?: number
  readonly residualIsNormed?: boolean
  readonly embedding?: Partial<DecoderSpec['embedding']>
  readonly unembedding?: Partial<DecoderSpec['unembedding']>
  readonly ends?: Partial<Pick<DecoderSpec, 'finalNorm' | 'maxPositions'>>
}

export const llamaMlp = ['gate_proj', 'up_proj', 'down_proj']

/** Makes the parts of one layer; names follow the layer's prefix. */
export class LayerParts {
  constructor(
    readonly core: Core,
    readonly layer: number,
    /** Whether the layer has the config's sliding window. */
    readonly slides: boolean,
    private readonly prefix: string,
    private readonly normKind: NormKind,
    private readonly stored: LinearSpec['stored'],
  ) {}

  readonly tensor = (name: string, ...shape: readonly number[]): TensorRef =>
    tensor(`${this.prefix}.${name}`, ...shape)

  readonly linear = (name: string, inputs: number, outputs: number, bias = false): LinearSpec =>
    linear(`${this.prefix}.${name}`, inputs, outputs, { bias, stored: this.stored })

  readonly norm = (name: string, width = this.core.dModel): NormSpec =>
    this.normKind(`${this.prefix}.${name}`, width)

  /** A norm of each head's queries and one of its keys. */
  headNorms(query: string, key: string): Pick<AttentionSpec, 'queryNorm' | 'keyNorm'> {
    const { dHead } = this.core
    return { queryNorm: this.norm(query, dHead), keyNorm: this.norm(key, dHead) }
  }

  /** down(activation(gate(x)) up(x)) */
  gatedMlp({ name = 'mlp', dMlp = this.core.dMlp, bias = false, parts = llamaMlp } = {}): MlpSpec {
    const { dModel } = this.core
    const [gate, up, down] = parts.map((part) => `${name}.${part}`) as [string, string, string]
    const wide = (part: string) => this.linear(part, dModel, dMlp, bias)
    return this.#mlp({ kind: 'gated', gate: wide(gate), up: wide(up) }, this.linear(down, dMlp, dModel, bias))
  }

  /** As `gatedMlp`, gate and up being one product. */
  fusedMlp(gateUp: string, down: string): MlpSpec {
    const { dModel, dMlp } = this.core
    const product = this.linear(gateUp, dModel, 2 * dMlp)
    return this.#mlp({ kind: 'fused', gateUp: product, order: 'columns' }, this.linear(down, dMlp, dModel))
  }

  /** down(activation(up(x))) */
  plainMlp(up: string, down: string, { bias = true } = {}): MlpSpec {
    const { dModel, dMlp } = this.core
    const wide = this.linear(up, dModel, dMlp, bias)
    return this.#mlp({ kind: 'plain', up: wide }, this.linear(down, dMlp, dModel, bias))
  }

  #mlp(up: MlpSpec['up'], down: LinearSpec): MlpSpec {
    return { kind: 'mlp', up, activation: this.core.activation, down }
  }
}
