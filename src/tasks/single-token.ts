import type { Pair } from '../domain/types.js'

/** Token ids of each text without special tokens; an Engine's `encode` fits. */
export type Encode = (texts: readonly string[], options?: { special?: boolean }) => Promise<number[][]>

export interface SingleTokenReading {
  readonly reading: 'leading-space' | 'no-space'
  /** The pairs whose y is one token, x and y written as the reading writes them. */
  readonly pairs: readonly Pair[]
  /** How many pairs each reading keeps. */
  readonly kept: { readonly leadingSpace: number; readonly noSpace: number }
}

/** The leading-space reading is used where it keeps at least this share of what the other keeps. */
const leadingSpaceShare = 0.7

const arrow = '->'

/** PROTOCOL, Single-token outputs: two readings of a list, filtered by the model's own tokenizer. */
export async function singleTokenReading(
  pairs: readonly Pair[],
  encode: Encode,
): Promise<SingleTokenReading> {
  const leadingSpace = await singleTokenPairs(pairs.map(withLeadingSpace), encode)
  const noSpace = await singleTokenPairs(pairs, encode)
  const kept = { leadingSpace: leadingSpace.length, noSpace: noSpace.length }
  return leadingSpace.length >= leadingSpaceShare * noSpace.length
    ? { reading: 'leading-space', pairs: leadingSpace, kept }
    : { reading: 'no-space', pairs: noSpace, kept }
}

/** Accepted alternatives stay as they are: they are compared after stripping and never put into a prompt. */
function withLeadingSpace({ input, output, accept }: Pair): Pair {
  return { input: ` ${input}`, output: ` ${output}`, accept }
}

/**
 * One token where it stands, after the arrow: a SentencePiece tokenizer writes a word at the start of a text otherwise
 * than within it. (The authors' code asks the same of `!y`.)
 */
async function singleTokenPairs(pairs: readonly Pair[], encode: Encode): Promise<Pair[]> {
  const texts = pairs.map(({ output }) => `${arrow}${output}`)
  const [before = [], ...tokens] = await encode([arrow, ...texts], { special: false })
  return pairs.filter((_, i) => {
    const after = tokens[i] ?? []
    return after.length === before.length + 1 && before.every((token, at) => after[at] === token)
  })
}
