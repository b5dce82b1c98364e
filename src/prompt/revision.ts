import { canonicalJson, sha256 } from '../domain/identity.js'
import { answeredPrompt, formatPrompt } from './format.js'

/**
 * What the code makes of a prompt's parts is part of every key: results of other prompts are not taken for one's own. A
 * formatter that writes otherwise than the one that databases were made with gives other keys.
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

/** For a key: empty where the code writes prompts as it always has. */
export const promptRevision: { readonly prompts?: string } = revisionOf(sha256(written()))

function revisionOf(hash: string): { readonly prompts?: string } {
  return hash === known ? {} : { prompts: hash }
}
