import type { Component } from '../architectures/components.js'
import type { AnswerMetrics } from './answer.js'

/**
 * Requests about components at prompts' last tokens (docs/components.md): their values, and their effect on the
 * answer where they are edited.
 */

/** A component at the last token becomes `scale` times itself, plus `added`. */
export interface Edit {
  readonly component: Component
  readonly layer: number
  /** Of `heads`: this one alone; absent: all of them, side by side. */
  readonly head?: number
  readonly scale: number
  /** `[d_model]`; of `heads`, `[d_value]` of one or `[heads * d_value]` of all; absent: zeros. */
  readonly added?: Float32Array
}

type Place = Pick<Edit, 'component' | 'layer' | 'head'>

/** Replaces the component by `vector`; mean ablation if that is a mean over other prompts. */
export const replaced = (place: Place, vector: Float32Array): Edit => ({ ...place, scale: 0, added: vector })
export const added = (place: Place, vector: Float32Array): Edit => ({ ...place, scale: 1, added: vector })
export const scaledBy = (place: Place, scale: number): Edit => ({ ...place, scale })
/** Zero ablation. */
export const ablated = (place: Place): Edit => scaledBy(place, 0)

/** One or more edits made together: the unedited run up to the first of them, then a separate last token. */
export type Branch = readonly Edit[]

export interface ComponentItem {
  readonly prompt: readonly number[]
  readonly branches: readonly Branch[]
  /** First token of the right answer. */
  readonly answerToken: number
  /** Where `pattern` is captured: the places of each group's tokens in the prompt. A group may be empty, and share tokens with others. */
  readonly groups?: readonly (readonly number[])[]
}

/**
 * What can be captured: components, `heads` as inputs of the output projection, `[heads * d_value]`; `contributions`,
 * each head's share of `attn_out`, `[heads * d_model]`; and `pattern`, each head's attention to each group of the prompt's
 * tokens, `[heads * groups]`.
 */
export type Captured = Component | 'contributions' | 'pattern'

export interface ComponentsRequest {
  readonly items: readonly ComponentItem[]
  /** Captured at the last tokens of unedited prompts: the mean over the items, or each item's. */
  readonly capture?: { readonly components: readonly Captured[]; readonly as: 'mean' | 'each' }
}

export interface ComponentsResult {
  /** `[item]`, of the unedited prompts. */
  readonly own: readonly AnswerMetrics[]
  /** `[item][branch]` */
  readonly branches: readonly (readonly AnswerMetrics[])[]
  /** By component, one entry for each layer: `[width]` (mean) or `[items, width]` (each). */
  readonly captured: Readonly<Partial<Record<Captured, readonly Float32Array[]>>>
  /** Query heads, by layer. */
  readonly heads: readonly number[]
  /** Floating-point operations of the rows computed, padding left out. */
  readonly flops: number
  readonly seconds: number
}
