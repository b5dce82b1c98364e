import type { ErrorCode } from '../domain/errors.js'
import type { ModelInfo, PromptFormat } from '../domain/types.js'
import type { ComponentsRequest, ComponentsResult } from './components.js'
import type { EvaluateRequest, EvaluateResult, Patch, Projection, ProjectRequest } from './engine.js'

/** Messages between a worker (engine-process.ts) and its engine process (engine-child.ts). */
export type EngineCall =
  | { readonly method: 'encode'; readonly texts: readonly string[]; readonly special: boolean }
  | { readonly method: 'chatFormat'; readonly system: string | undefined }
  | { readonly method: 'decode'; readonly tokens: readonly number[] }
  | { readonly method: 'decodeAll'; readonly sequences: readonly (readonly number[])[] }
  | { readonly method: 'logits'; readonly tokens: readonly number[]; readonly patches: readonly Patch[] }
  | { readonly method: 'evaluate'; readonly request: EvaluateRequest }
  | { readonly method: 'components'; readonly request: ComponentsRequest }
  | { readonly method: 'project'; readonly request: ProjectRequest }

export type ToEngine =
  { readonly id: number; readonly call: EngineCall } | { readonly id: number; readonly abort: true }

export type EngineValue =
  PromptFormat | number[][] | string[] | Float32Array | EvaluateResult | Projection[] | ComponentsResult

export interface EngineFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
}

export type FromEngine =
  | { readonly ready: ModelInfo; readonly plan: string }
  | { readonly refused: EngineFailure }
  | { readonly id: number; readonly value: EngineValue }
  | { readonly id: number; readonly failure: EngineFailure }
  | { readonly id: number; readonly progress: number }
