import type { ModelInfo } from '../domain/types.js'

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
  /** Runs the prompts of all items. Rejects with CANCELLED soon after `signal` aborts. */
  evaluate(request: EvaluateRequest, options?: EvaluateOptions): Promise<EvaluateResult>
  /** Logits of the last token, `[vocab]`. */
  logits(tokens: readonly number[]): Promise<Float32Array>
  close(): Promise<void>
}

export interface EvaluateOptions {
  readonly signal?: AbortSignal
  /** Called with the share of the work done, 0..1, at least once a second or once a block. */
  readonly onProgress?: (fraction: number) => void
}

/** Prompts as token ids. */
export interface EvaluateItem {
  /** [S, x', ->] for each dummy query x': θ_L is the mean of their last tokens' residual streams after block L. */
  readonly thetaPrompts: readonly (readonly number[])[]
  /** The prompt, usually [x, ->], whose last token's residual stream after block L is replaced by θ_L; null: none. */
  readonly patchedPrompt: readonly number[] | null
  /** Ordinary prompts, unpatched: regular [S, x, ->], baseline [x, ->]. */
  readonly plainPrompts: readonly (readonly number[])[]
  /** First token of the right answer: its log-probability and rank are read. */
  readonly answerToken: number
}

export interface EvaluateRequest {
  readonly items: readonly EvaluateItem[]
  /** The layers L to patch at, ascending, without repeats; empty where nothing is patched. */
  readonly layers: readonly number[]
  /** Also return the mean over items of θ_L for each L of `layers`. */
  readonly meanTheta?: boolean
  /**
   * `wavefront` (default): all layers of all items in one pass over the blocks. `plain`: one ordinary full
   * forward pass per prompt and per L, the oracle that the wavefront must agree with.
   */
  readonly route?: 'wavefront' | 'plain'
}

/** What is read at one last token. */
export interface Reading {
  /** Greedy choice; the lowest id among equal logits. */
  readonly token: number
  /** Natural logarithm of the answer token's probability. */
  readonly answerLogProb: number
  /** 1 + the number of tokens with a higher logit than the answer token. */
  readonly answerRank: number
}

export interface EvaluateResult {
  /** `[item][layer]`, layers in the request's order; empty rows where nothing is patched. */
  readonly patched: readonly (readonly Reading[])[]
  /** `[item][plainPrompt]` */
  readonly plain: readonly (readonly Reading[])[]
  /** `[layers, d_model]`, row-major, where `meanTheta` was asked for. */
  readonly meanTheta?: Float32Array
  /** Floating-point operations that the wavefront needed, padding left out. */
  readonly flops?: number
  /** Seconds spent inside the engine. */
  readonly seconds: number
}
