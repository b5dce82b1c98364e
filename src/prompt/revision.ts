import { canonicalJson, sha256 } from '../domain/identity.js'
import { answeredPrompt, formatPrompt } from './format.js'

/**
 * The formatter's output is part of every key, so that a changed formatter gives other keys and never reuses results of the prompts
 * that an earlier one wrote.
 */

const demonstrations = [
  { input: 'a', output: 'b' },
  { input: ' c', output: ' d' },
]
const prompt = { demonstration: '{x}:{y};', query: '{x}', separator: '|', prefix: '<', suffix: ':' }

function written(): string {
  return canonicalJson([
    formatPrompt(demonstrations, ' e'),
    formatPrompt([], 'e'),
    answeredPrompt({ query: 'e' }, 'f'),
    formatPrompt(demonstrations, 'e', prompt),
    answeredPrompt({ query: 'e', prompt }, 'f'),
  ])
}

const known = 'a2985895dfd274fb9f54cdae6325f4182304bf19d8a14e381e4609f494d331ef'

/** Part of a key; {} as long as the formatter writes prompts as it always has. */
export const promptRevision: { readonly prompts?: string } = revisionOf(sha256(written()))

function revisionOf(hash: string): { readonly prompts?: string } {
  return hash === known ? {} : { prompts: hash }
}
