import type { ModelInfo, PromptFormat } from '../domain/types.js'
import type { AnswerMetrics } from './answer.js'
import type { ComponentsRequest, ComponentsResult } from './components.js'

export type { AnswerMetrics }

/**
 * A loaded model, as experiments see it. Implemented in-process by `LocalEngine` (local-engine.ts) and, over a
 * child process, by `EngineProcess` (engine-process.ts). Token ids in, numbers out; text only at `encode` and `decode`.
 */
export interface Engine {
  readonly info: ModelInfo
  /** Token ids of each text; `special` (default true) adds the BOS where the model's own tokenizer adds one. */
  encode(texts: readonly string[], options?: { special?: boolean }): Promise<number[][]>
  /** Text of each token id alone, special tokens giving ''. */
  decode(tokens: readonly number[]): Promise<string[]>
  /** Text of each sequence of token ids, special tokens giving ''; bytes that are no character give U+FFFD. */
  decodeAll(sequences: readonly (readonly number[])[]): Promise<string[]>
  /** The model's chat template as a prompt format. Errors: TASK where it has none that can be taken so. */
  chatFormat(system?: string): Promise<PromptFormat>
  /** Runs the prompts of all items. Rejects with CANCELLED soon after `signal` aborts. */
  evaluate(request: EvaluateRequest, options?: EvaluateOptions): Promise<EvaluateResult>
  /** Components at prompts' last tokens, and answers where they are edited (docs/components.md). As `evaluate`. */
  components(request: ComponentsRequest, options?: EvaluateOptions): Promise<ComponentsResult>
  /** Logits of the last token, `[vocab]`; with `patches`, of a pass in which they were made. */
  logits(tokens: readonly number[], patches?: readonly Patch[]): Promise<Float32Array>
  /** What vectors say of the vocabulary, through the final norm and the unembedding (docs/protocol.md, Vocabulary projection). */
  project(request: ProjectRequest): Promise<Projection[]>
  close(): Promise<void>
}

export interface EvaluateOptions {
  readonly signal?: AbortSignal
  /** Called with the share of the work done, 0..1, at least once a second or once a block. */
  readonly onProgress?: (fraction: number) => void
}

/** A vector that meets `resid_post` of block `layer`; of several at one place, each meets what the one before left. */
export interface Patch {
  readonly layer: number
  /** `[d_model]` */
  readonly vector: Float32Array
  /** `replace`: in the state's place; `add`: added to it. */
  readonly mode: 'replace' | 'add'
  /** Which token's, 0-based; `all`: every token's. */
  readonly position: number | 'all'
}

/** Prompts as token ids. */
export interface EvaluateItem {
  /**
   * [S, x', ->] for each dummy query x': θ_L is the mean of their last tokens' `resid_post` of L. Empty
   * where θ is given, or where nothing is patched and no θ asked for.
   */
  readonly thetaPrompts: readonly (readonly number[])[]
  /** The prompt, usually [x, ->], in which θ_L is patched: it replaces the last token's `resid_post` of L; null: none. */
  readonly patchedPrompt: readonly number[] | null
  /** Ordinary prompts, unpatched: regular [S, x, ->], baseline [x, ->]. */
  readonly plainPrompts: readonly (readonly number[])[]
  /** `[layers, d_model]`: this item's θ_L, instead of one computed from `thetaPrompts` or the request's. */
  readonly givenTheta?: Float32Array
  /** First token of the right answer: its log-probability and rank are read. */
  readonly answerToken: number
  /** Where answers are generated: all tokens of the right answer, `answerToken` first, whose log-probability and rank are read. */
  readonly answerTokens?: readonly number[]
}

/** Answers of several tokens: greedily generated, ended by the model's end-of-text token or by a text. */
export interface Generate {
  /** At least 1. */
  readonly maxTokens: number
  /** Non-empty texts that end an answer wherever they occur. */
  readonly stop: readonly string[]
}

export interface EvaluateRequest {
  readonly items: readonly EvaluateItem[]
  /** The layers L to compute θ and to patch at, ascending, without repeats; empty where nothing is patched. */
  readonly layers: readonly number[]
  /** Also return θ_L for each L of `layers`: its mean over the items, or that of each item. */
  readonly thetas?: 'mean' | 'each'
  /** `[layers, d_model]`: θ_L for all items alike, instead of one computed from `thetaPrompts`. */
  readonly givenTheta?: Float32Array
  /** The items are some of a larger whole, and computed as they would be among all of it. */
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
  /** How many of the likeliest next tokens to return for every prompt; absent: none. */
  readonly top?: number
  /**
   * `wavefront` (default): all layers of all items in one pass over the blocks. `plain`: one ordinary full
   * forward pass per prompt and per L, the oracle that the wavefront must agree with.
   */
  readonly route?: 'wavefront' | 'plain'
}

/** Which items of the whole they are: they begin and end where chunks of the whole do. */
export interface EvaluatePart {
  /** Index of the first one in the whole. */
  readonly first: number
  /** Items of the whole. */
  readonly of: number
  /** `[layers, d_model]`: the sum of θ_L over all items before the first, where `thetas` is 'mean'; absent: zeros. */
  readonly thetaSum?: Float64Array
}

export interface ProjectRequest {
  /** `[n, d_model]`, residual streams, n at least 0. */
  readonly vectors: Float32Array
  /** How many of the likeliest tokens to return for each vector. */
  readonly top: number
  /** Token ids of which to return log-probability and rank for each vector. */
  readonly tokens: readonly number[]
}

export interface Projection {
  /** Descending; the lowest id first among equals. */
  readonly top: readonly { readonly token: number; readonly logProb: number }[]
  /** One entry for each of the request's tokens; rank as in `AnswerMetrics`. */
  readonly of: readonly { readonly token: number; readonly logProb: number; readonly rank: number }[]
}

export interface EvaluateResult {
  /** `[item][layer]`, layers in the request's order; empty rows where nothing is patched. */
  readonly patched: readonly (readonly AnswerMetrics[])[]
  /** `[item][plainPrompt]` */
  readonly plain: readonly (readonly AnswerMetrics[])[]
  /** Row-major, where `thetas` was asked for; of a part the mean only where it is the last: `[layers, d_model]` ('mean') or `[items, layers, d_model]` ('each'). */
  readonly thetas?: Float32Array
  /** `[layers, d_model]`: the sum of θ_L over the items up to here, where a part was asked for its mean. */
  readonly thetaSum?: Float64Array
  /** Floating-point operations that the wavefront needed, padding left out. */
  readonly flops?: number
  /** Seconds spent inside the engine. */
  readonly seconds: number
}
