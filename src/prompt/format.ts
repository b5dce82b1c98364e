import type { Demonstration } from '../domain/types.js'

/**
 * The whole prompt format (docs/protocol.md, Prompt): [S, x, ->], or [x, ->] without demonstrations. Spaces inside inputs
 * and outputs are kept; nothing follows the last arrow. The BOS is the tokenizer's to add.
 */
export function formatPrompt(demonstrations: readonly Demonstration[], query: string): string {
  const lines = demonstrations.map(({ input, output }) => `example:${input}->${output}`)
  return [...lines, `example:${query}->`].join('\n')
}
