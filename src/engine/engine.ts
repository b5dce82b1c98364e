import type { ModelInfo, PromptFormat } from '../domain/types.js'
import type { AnswerMetrics } from './answer.js'
import type { ComponentsRequest, ComponentsResult } from './components.js'

export type { AnswerMetrics }

/**
 * A loaded model, as experiments use it. Implemented in-process by `LocalEngine` (local-engine.ts) and, over a
 * child process, by `EngineProcess` (engine-process.ts). Token ids in, numbers out; text only at `encode` and `decode`.
 */
export interface Engine {
  readonly info: ModelInfo
  /** Token ids of each text; `special` (default true) adds the BOS where the model's own tokenizer adds one. */
  encode(texts: readonly string[], options?: { special?: boolean }): Promise<number[][]>
  /** The text of each single token id; '' for special tokens. */
  decode(tokens: readonly number[]): Promise<string[]>
  /** The text of each sequence of token ids; special tokens give '', invalid bytes U+FFFD. */
  decodeAll(sequences: readonly (readonly number[])[]): Promise<string[]>
  /** The model's chat template as a prompt format. Errors: TASK if it has none that can be converted. */
  chatFormat(system?: string): Promise<PromptFormat>
  /** Runs the prompts of all items. Rejects with CANCELLED soon after `signal` aborts. */
  evaluate(request: EvaluateRequest, options?: EvaluateOptions): Promise<EvaluateResult>
  /** Components at the last tokens of prompts, and answers with edited components (docs/components.md). Cancellation as in `evaluate`. */
  components(request: ComponentsRequest, options?: EvaluateOptions): Promise<ComponentsResult>
  /** Logits at the last token, `[vocab]`, with `patches` applied. */
  logits(tokens: readonly number[], patches?: readonly Patch[]): Promise<Float32Array>
  /** Projects vectors through the final norm and the unembedding (docs/protocol.md, Vocabulary projection). */
  project(request: ProjectRequest): Promise<Projection[]>
  close(): Promise<void>
}

export interface EvaluateOptions {
  readonly signal?: AbortSignal
  /** Called with the share of the work done, 0 to 1, at least once per second or block. */
  readonly onProgress?: (fraction: number) => void
}

/** A vector patched into `resid_post` of block `layer`. Several at one place are applied in order. */
export interface Patch {
  readonly layer: number
  /** `[d_model]` */
  readonly vector: Float32Array
  /** `replace`: replaces the residual stream; `add`: is added to it. */
  readonly mode: 'replace' | 'add'
  /** The token's 0-based position; `all`: every token. */
  readonly position: number | 'all'
}

/** Prompts as token ids. */
export interface EvaluateItem {
  /**
   * [S, x', ->] for each dummy query x': θ_L is the mean of their last tokens' `resid_post` of L. Empty
   * if θ is given, or nothing is patched and no θ is requested.
   */
  readonly thetaPrompts: readonly (readonly number[])[]
  /** The prompt, usually [x, ->], in which θ_L is patched: it replaces the last token's `resid_post` of L; null: none. */
  readonly patchedPrompt: readonly number[] | null
  /** Ordinary prompts, unpatched: regular [S, x, ->], baseline [x, ->]. */
  readonly plainPrompts: readonly (readonly number[])[]
  /** `[layers, d_model]`: this item's θ_L, instead of one computed from `thetaPrompts` or the request's. */
  readonly givenTheta?: Float32Array
  /** First token of the right answer, whose log-probability and rank are read. */
  readonly answerToken: number
  /** If answers are generated: all tokens of the right answer, `answerToken` first; their log-probability and rank are read. */
  readonly answerTokens?: readonly number[]
}

/** Greedy generation of answers of several tokens, until the model's end-of-text token or a stop text. */
export interface Generate {
  /** At least 1. */
  readonly maxTokens: number
  /** Non-empty texts that end an answer wherever they occur. */
  readonly stop: readonly string[]
}

export interface EvaluateRequest {
  readonly items: readonly EvaluateItem[]
  /** Layers L at which θ is computed and patched, ascending, without repeats; empty if nothing is patched. */
  readonly layers: readonly number[]
  /** Also return θ_L for each L of `layers`: the mean over the items, or each item's. */
  readonly thetas?: 'mean' | 'each'
  /** `[layers, d_model]`: θ_L for all items alike, instead of one computed from `thetaPrompts`. */
  readonly givenTheta?: Float32Array
  /** Set if the items are part of a larger split; they are computed as they would be within it. */
  readonly part?: EvaluatePart
  /**
   * `replace` (default): θ_L replaces the last token's `resid_post` of L. `add`: it is added to the
   * token's own, as function vectors are (Todd et al. 2023).
   */
  readonly patch?: 'replace' | 'add'
  /**
   * Whole answers, for every prompt: θ is patched once, at the prompt's last token, and later tokens attend to it, as in
   * generation with a key-value cache. Absent: one token.
   */
  readonly generate?: Generate
  /** Number of most likely next tokens to return for every prompt; absent: none. */
  readonly top?: number
  /**
   * `wavefront` (default): all layers of all items in one pass over the blocks. `plain`: one ordinary full
   * forward pass per prompt and per L, the oracle that the wavefront must agree with.
   */
  readonly route?: 'wavefront' | 'plain'
}

/** Position of the items in the whole split; they begin and end at chunk boundaries. */
export interface EvaluatePart {
  /** Index of the first one in the whole. */
  readonly first: number
  /** Items of the whole. */
  readonly of: number
  /** `[layers, d_model]`: the sum of θ_L over all earlier items, if `thetas` is 'mean'; absent: zeros. */
  readonly thetaSum?: Float64Array
}

export interface ProjectRequest {
  /** `[n, d_model]`, residual streams, n at least 0. */
  readonly vectors: Float32Array
  /** Number of most likely tokens to return for each vector. */
  readonly top: number
  /** Token ids whose log-probability and rank to return for each vector. */
  readonly tokens: readonly number[]
}

export interface Projection {
  /** Descending; the lowest id first among equals. */
  readonly top: readonly { readonly token: number; readonly logProb: number }[]
  /** One entry for each of the request's tokens; rank as in `AnswerMetrics`. */
  readonly of: readonly { readonly token: number; readonly logProb: number; readonly rank: number }[]
}

export interface EvaluateResult {
  /** `[item][layer]`, layers in the request's order; empty rows for items without a patched prompt. */
  readonly patched: readonly (readonly AnswerMetrics[])[]
  /** `[item][plainPrompt]` */
  readonly plain: readonly (readonly AnswerMetrics[])[]
  /** If `thetas` was requested: `[layers, d_model]` ('mean'; of parts, only in the last) or `[items, layers, d_model]` ('each'). */
  readonly thetas?: Float32Array
  /** `[layers, d_model]`: the sum of θ_L over all items up to here, for a part with `thetas` 'mean'. */
  readonly thetaSum?: Float64Array
  /** Floating-point operations of the wavefront, without padding. */
  readonly flops?: number
  /** Seconds spent inside the engine. */
  readonly seconds: number
}
