import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What transformers computed; written by make_tiny.py and make_smollm2.py beside this file. */
const folder = fileURLToPath(new URL('.', import.meta.url))

export interface TinyGolden {
  readonly prompts: readonly {
    readonly tokens: readonly number[]
    /** `[block][d_model]`: the last token's residual stream after each block */
    readonly states: readonly (readonly number[])[]
    /** `[vocab]`, of the last token */
    readonly logits: readonly number[]
  }[]
}

export interface SmolLm2Golden {
  readonly sampleIds: readonly number[]
  readonly prompts: readonly {
    readonly text: string
    readonly tokens: readonly number[]
    readonly topIds: readonly number[]
    readonly topLogits: readonly number[]
    readonly sampleLogits: readonly number[]
  }[]
}

export const tinyModels = readdirSync(join(folder, 'tiny')).sort()

export function tinyFolder(name: string): string {
  return join(folder, 'tiny', name)
}

export function tinyConfig(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(tinyFolder(name), 'config.json'), 'utf8')) as Record<string, unknown>
}

export function tinyGolden(name: string): TinyGolden {
  return JSON.parse(readFileSync(join(tinyFolder(name), 'expected.json'), 'utf8')) as TinyGolden
}

export function smolLm2Golden(): SmolLm2Golden {
  return JSON.parse(readFileSync(join(folder, 'smollm2-logits.json'), 'utf8')) as SmolLm2Golden
}

/** Largest |a - b|; NaN where any value is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`)
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] as number))))
}
