import { createHash } from 'node:crypto'
import type { Numerics, NumericsJson } from './numerics.js'
import type { RunKind, Scoring, Split } from './types.js'

/** JSON with sorted keys: equal values always give the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry ?? null)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`)
    return `{${entries.join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

export function numericsJson(numerics: Numerics): NumericsJson {
  return canonicalJson(numerics) as NumericsJson
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Everything that determines one run's results. Two runs with equal identity have equal predictions. */
export interface RunIdentity {
  readonly modelHash: string
  readonly numerics: Numerics
  readonly scoring: Scoring
  /** Hash of the items of the split, in order. */
  readonly itemsHash: string
  readonly kind: RunKind
  readonly split: Split
  readonly layer: number | null
  /** The layers computed in the same wavefront: shapes can change the last bits of log-probabilities. */
  readonly layersTogether: readonly number[]
  /** Only if θ is given: what is patched in or, for other runs of the task, that no θ was computed. */
  readonly theta?: string
  /** Only if prompts are no longer written as they always were: src/prompt/revision.ts. */
  readonly prompts?: string
}

/** The unique key under which a run's results are stored and looked up. */
export function runKey(identity: RunIdentity): string {
  return sha256(canonicalJson(identity))
}
