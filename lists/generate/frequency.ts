import { encode } from 'gpt-tokenizer/encoding/r50k_base'

/**
 * Rank of a word in GPT-2's byte-pair vocabulary, written after a space: merges are learned most frequent first, so
 * a lower number means a more frequent word. A word of several tokens ranks after all words with fewer.
 */
export function gpt2Rank(word: string): number {
  const tokens = encode(` ${word}`)
  return tokens.length * 1e6 + Math.max(...tokens)
}
