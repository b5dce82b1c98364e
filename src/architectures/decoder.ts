import type { Activation } from './activations.js'

/**
 * A decoder-only transformer as data. A family (families/) maps its config.json and its tensors' names onto this;
 * block.ts, head.ts and embed.ts compute it. Nothing else in the project knows one family from another.
 */
export interface DecoderSpec {
  /** config.json's `model_type`. */
  readonly family: string
  /** N, so that L is 0 .. N - 1. */
  readonly blocks: number
  readonly dModel: number
  readonly vocab: number
  /** The number of positions that the model supports. */
  readonly maxPositions: number
  /** Prefix of the tensors' names, `model.`; repositories without the head omit it. */
  readonly prefix: string
  readonly embedding: EmbeddingSpec
  readonly layers: readonly LayerSpec[]
  readonly finalNorm: NormSpec | null
  readonly unembedding: UnembeddingSpec
}

/** A tensor of the checkpoint, or, where `part` is given, one of the equal parts along its first axis. */
export interface TensorRef {
  readonly name: string
  readonly shape: readonly number[]
  readonly part?: number
}

/** x W^T + bias. */
export interface LinearSpec {
  readonly weight: TensorRef
  readonly bias: TensorRef | null
  readonly inputs: number
  readonly outputs: number
  /** How the checkpoint stores the weight: `[out, in]`, a Linear's way, or `[in, out]`, GPT-2's Conv1D. */
  readonly stored: 'out-in' | 'in-out'
}

/** A norm over every `width` neighbouring values; narrower than a row, it is one per head. */
export interface NormSpec {
  readonly kind: 'rms' | 'layer'
  readonly width: number
  readonly epsilon: number
  /** Null: all ones. A list has one tensor per head; more values than `width` are separate weights for each head. */
  readonly weight: TensorRef | readonly TensorRef[] | null
  readonly bias: TensorRef | null
  /** Added to the stored weight: 1 if it is stored as the difference from 1 (Gemma). */
  readonly weightOffset: 0 | 1
}

/** `resid_pre` of block 0: project(norm(scale token + position)). */
export interface EmbeddingSpec {
  /** `[vocab, width]` */
  readonly tokens: TensorRef
  readonly scale: number
  /** Learned positions, `[.., width]`; position p is row p + offset. */
  readonly positions: { readonly table: TensorRef; readonly offset: number } | null
  readonly norm: NormSpec | null
  /** From `width` to d_model. */
  readonly projection: LinearSpec | null
}

/** logits = softcap(scale (project(x) W^T + bias)), x after the final norm. */
export interface UnembeddingSpec {
  /** From d_model to the width of the unembedding. */
  readonly projection: LinearSpec | null
  /** `[vocab, width]` */
  readonly weight: TensorRef
  readonly bias: TensorRef | null
  readonly scale: number
  /** Logits become cap tanh(logits / cap). */
  readonly softcap: number | null
}

/** One block: x + attention, then + MLP. */
export interface LayerSpec {
  readonly attention: AttentionSpec
  readonly mlp: MlpSpec | ExpertsSpec
  /** Attention and MLP both read the block's input; else the MLP reads the sum with attention's output. */
  readonly parallel: boolean
  readonly norms: LayerNorms
  /** The outputs of attention and MLP are multiplied by this before they are added. */
  readonly residualScale: number
  /** The normed input replaces the residual (BLOOM's option). */
  readonly residualIsNormed: boolean
}

export interface LayerNorms {
  readonly beforeAttention: NormSpec | null
  /** On attention's output, before it is added. */
  readonly afterAttention: NormSpec | null
  /** Of the sum after attention (post-norm). */
  readonly afterAttentionSum: NormSpec | null
  /** `shared`: the MLP reads attention's input. */
  readonly beforeMlp: NormSpec | 'shared' | null
  readonly afterMlp: NormSpec | null
  readonly afterMlpSum: NormSpec | null
}

export interface AttentionSpec {
  readonly heads: number
  /** Divides `heads`; a key-value head serves heads / keyValueHeads query heads. */
  readonly keyValueHeads: number
  /** Width of a query and of a key. */
  readonly dHead: number
  /** Width of a value. */
  readonly dValue: number
  readonly project: SplitProjection | FusedProjection | LatentProjection
  readonly out: LinearSpec
  /** Of q k^T, usually 1 / sqrt(d_head). */
  readonly scale: number
  readonly queryNorm: NormSpec | null
  readonly keyNorm: NormSpec | null
  /** Queries and keys are normed after they are rotated. */
  readonly normsRotated: boolean
  /** Queries, keys and values are clipped to [-clip, clip]. */
  readonly clip: number | null
  readonly rotary: Rotary | null
  /** Scores become cap tanh(scores / cap). */
  readonly softcap: number | null
  /** `[heads]`: one more logit per head, which takes its share of the softmax and gives no value (gpt-oss). */
  readonly sinks: TensorRef | null
  /** Scores grow by slope times the key's position. */
  readonly alibi: Alibi | null
  /** A token sees itself and the window - 1 tokens before it. */
  readonly window: number | null
  /** A token sees no token of an earlier chunk of this length. */
  readonly chunk: number | null
  /** Queries grow with their position (LLaMA 4). */
  readonly temperature: Temperature | null
}

export interface SplitProjection {
  readonly kind: 'split'
  readonly query: LinearSpec
  readonly key: LinearSpec
  readonly value: LinearSpec
}

export interface FusedProjection {
  readonly kind: 'fused'
  readonly queryKeyValue: LinearSpec
  /** `columns`: all queries, all keys, all values; `groups`: for each key-value head its queries, its key, its value. */
  readonly order: 'columns' | 'groups'
}

/**
 * Multi-head latent attention (DeepSeek): keys and values come from a narrow latent, and a key's rotated part, the same for
 * all heads, is stored separately. A query's last `rotary.width` entries are rotated.
 */
export interface LatentProjection {
  readonly kind: 'latent'
  /** Whether queries have their own latent. */
  readonly queryDown: { readonly linear: LinearSpec; readonly norm: NormSpec } | null
  readonly query: LinearSpec
  /** To the latent and the rotated part of a key. */
  readonly keyValueDown: LinearSpec
  readonly latentNorm: NormSpec
  /** To each head's key without the rotated part, and its value. */
  readonly keyValue: LinearSpec
}

export interface Alibi {
  /** `[heads]` */
  readonly slopes: readonly number[]
  /** Falcon's: computed in bf16, and multiplied by this (the scores' own scale). */
  readonly roundedToBf16: number | null
}

/** Queries times 1 + scale log(1 + floor((position + offset) / every)). */
export interface Temperature {
  readonly every: number
  readonly offset: 0 | 1
  readonly scale: number
}

/** Rotary position embedding of the first `width` entries of each head. */
export interface Rotary {
  readonly width: number
  /** Radians by position, `width / 2` of them. */
  readonly angles: (position: number) => Float64Array
  /** Factor of cosines and sines; 1 except for some kinds of scaling. */
  readonly scale: number
  /** Whether entry 2i is rotated with 2i + 1 (GPT-J), rather than entry i with i + width / 2. */
  readonly interleaved: boolean
}

/** down(activation(gate(x)) up(x)), down(activation(up(x))) without a gate. */
export interface MlpSpec {
  readonly kind: 'mlp'
  readonly up:
    | { readonly kind: 'plain'; readonly up: LinearSpec }
    | { readonly kind: 'gated'; readonly gate: LinearSpec; readonly up: LinearSpec }
    /** `columns`: all of the gate, then all of up; `alternating`: one by one. */
    | { readonly kind: 'fused'; readonly gateUp: LinearSpec; readonly order: 'columns' | 'alternating' }
  readonly activation: ActivationSpec
  readonly down: LinearSpec
}

export type ActivationSpec =
  | Activation
  /** xIELU (arXiv 2411.13010); each a tensor of one value. */
  | {
      readonly kind: 'xielu'
      readonly positive: TensorRef
      readonly negative: TensorRef
      readonly beta: TensorRef
      readonly epsilon: TensorRef
    }
  /** (1 + up) gate sigmoid(alpha gate), both cut at `limit` (gpt-oss). */
  | { readonly kind: 'clamped-swiglu'; readonly alpha: number; readonly limit: number }

/** Mixture of experts: each row goes to `perRow` of the experts; the others are not computed for it. */
export interface ExpertsSpec {
  readonly kind: 'experts'
  readonly router: LinearSpec
  readonly experts: readonly MlpSpec[]
  readonly perRow: number
  /** How the router's logits become weights of experts, and the weights of the chosen. */
  readonly routing: Routing
  /** The experts' inputs are weighted, not their outputs (LLaMA 4). */
  readonly weighsInput: boolean
  /** Computed for every row and added, times sigmoid(gate) if there is a gate. */
  readonly shared: { readonly mlp: MlpSpec; readonly gate: LinearSpec | null } | null
}

export interface Routing {
  /** `chosen`: softmax over the logits of the chosen; `sparsemixer`: Phi's, one expert after another. */
  readonly score: 'softmax' | 'sigmoid' | 'chosen' | 'sparsemixer'
  /** Weights of the chosen are divided by their sum. */
  readonly normalised: boolean
  readonly scale: number
  /** `[experts]`, added to the scores for the choice only. */
  readonly correction: TensorRef | null
  /** Experts are chosen from the `chosen` best of `count` groups, judged by the sum of their `best` best scores. */
  readonly groups: { readonly count: number; readonly chosen: number; readonly best: 1 | 2 } | null
  /** Of sparsemixer: logits further from the largest than this share of it are left out. */
  readonly jitter: number
}
