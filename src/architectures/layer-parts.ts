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
import { linear, tensor } from './parts.js'

/** The sizes that every family has, under whatever names. */
export interface Core {
  readonly family: string
  readonly blocks: number
  readonly dModel: number
  readonly heads: number
  readonly keyValueHeads?: number | null | undefined
  readonly dHead?: number | undefined
  readonly dMlp: number
  readonly activation: ActivationSpec
  readonly vocab: number
  /** The unembedding is the embedding. */
  readonly tied: boolean
  readonly maxPositions: number
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

/** Makes the parts of one layer; names follow the layer's prefix. */
export class LayerParts {
  constructor(
    readonly core: Core,
    private readonly changes: Changes,
    private readonly prefix: string,
    readonly layer: number,
  ) {}

  readonly tensor = (name: string, ...shape: readonly number[]): TensorRef =>
    tensor(`${this.prefix}.${name}`, ...shape)

  readonly linear = (name: string, inputs: number, outputs: number, bias = false): LinearSpec =>
    linear(`${this.prefix}.${name}`, inputs, outputs, { bias, stored: this.changes.stored ?? 'out-in' })

  readonly norm = (name: string, width = this.core.dModel): NormSpec =>
    this.changes.norm(`${this.prefix}.${name}`, width)

  /** down(activation(gate(x)) up(x)) */
  gatedMlp({ name = 'mlp', dMlp = this.core.dMlp, bias = false, parts = llamaMlp } = {}): MlpSpec {
    const { dModel, activation } = this.core
    const [gate, up, down] = parts.map((part) => `${name}.${part}`) as [string, string, string]
    return {
      kind: 'mlp',
      up: {
        kind: 'gated',
        gate: this.linear(gate, dModel, dMlp, bias),
        up: this.linear(up, dModel, dMlp, bias),
      },
      activation,
      down: this.linear(down, dMlp, dModel, bias),
    }
  }

  /** As `gatedMlp`, gate and up being one product. */
  fusedMlp(gateUp: string, down: string): MlpSpec {
    const { dModel, dMlp, activation } = this.core
    return {
      kind: 'mlp',
      up: { kind: 'fused', gateUp: this.linear(gateUp, dModel, 2 * dMlp), order: 'columns' },
      activation,
      down: this.linear(down, dMlp, dModel),
    }
  }

  /** down(activation(up(x))) */
  plainMlp(up: string, down: string, { bias = true } = {}): MlpSpec {
    const { dModel, dMlp, activation } = this.core
    return {
      kind: 'mlp',
      up: { kind: 'plain', up: this.linear(up, dModel, dMlp, bias) },
      activation,
      down: this.linear(down, dMlp, dModel, bias),
    }
  }
}

/** How a family differs. Functions are called for each layer. */
export interface Changes {
  readonly names?: Partial<typeof llamaNames>
  /** The kind of norm used throughout. */
  readonly norm: (name: string, width: number) => NormSpec
  /** Biases of the projections of queries, keys and values, and of the attention output. */
  readonly bias?: { readonly queryKeyValue?: boolean; readonly out?: boolean }
  /** One product for queries, keys and values, under this name. */
  readonly fused?: { readonly name: string; readonly order: FusedProjection['order'] }
  /** How weights are stored in the blocks. */
  readonly stored?: LinearSpec['stored']
  readonly attention?: (parts: LayerParts, usual: AttentionSpec) => Partial<AttentionSpec>
  readonly mlp?: (parts: LayerParts) => MlpSpec | ExpertsSpec
  readonly norms?: (parts: LayerParts) => Partial<LayerNorms>
  readonly parallel?: boolean
  readonly residualScale?: number
  readonly residualIsNormed?: boolean
  readonly embedding?: Partial<DecoderSpec['embedding']>
  readonly unembedding?: Partial<DecoderSpec['unembedding']>
  readonly ends?: Partial<Pick<DecoderSpec, 'finalNorm'>>
}

export const llamaMlp = ['gate_proj', 'up_proj', 'down_proj']
