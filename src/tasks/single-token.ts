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

async function singleTokenPairs(pairs: readonly Pair[], encode: Encode): Promise<Pair[]> {
  const tokens = await encode(
    pairs.map(({ output }) => output),
    { special: false },
  )
  return pairs.filter((_, i) => tokens[i]?.length === 1)
}
