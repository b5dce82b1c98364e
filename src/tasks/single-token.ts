import type { Pair, PreparedTask, PromptFormat } from '../domain/types.js'
import { answerGap, answeredPrompt, aroundQuery, writesSpace } from '../prompt/format.js'

/** Token ids of each text without special tokens; an Engine's `encode` fits. */
export type Encode = (texts: readonly string[], options?: { special?: boolean }) => Promise<number[][]>

export interface SingleTokenReading {
  readonly reading: 'leading-space' | 'no-space'
  /** The writable pairs whose y is one token, as the reading writes x and y. */
  readonly pairs: readonly Pair[]
  /** How many pairs each reading keeps. */
  readonly kept: { readonly leadingSpace: number; readonly noSpace: number }
}

/** The leading-space reading is used if it keeps at least this share of what the other keeps. */
const leadingSpaceShare = 0.7

/** What the filters need of a tokenizer. */
export interface Encoder {
  readonly encode: Encode
  /** Undefined if everything can be written. */
  readonly unknownToken?: number | undefined
}

/**
 * The pairs that can be written as a demonstration without the unknown token: two words that are both unknown would be
 * the same word to the model. An unknown token in the prompt's format counts against no pair.
 */
export async function writablePairs(
  pairs: readonly Pair[],
  { encode, unknownToken }: Encoder,
  prompt?: PromptFormat,
): Promise<readonly Pair[]> {
  if (unknownToken === undefined) return pairs
  const texts = pairs.map(({ input, output }) =>
    answeredPrompt({ query: input, ...(prompt && { prompt }) }, output),
  )
  // Separately: `:->` in one piece might be unknown although `:` and `->` are not.
  const { before, after } = aroundQuery(prompt)
  const own = [before, after]
  const unknowns = (await encode([...own, ...texts], { special: false })).map(
    (ids) => ids.filter((id) => id === unknownToken).length,
  )
  const inPrompt = (unknowns[0] ?? 0) + (unknowns[1] ?? 0)
  return pairs.filter((_, i) => (unknowns[i + own.length] ?? 0) <= inPrompt)
}

/** For each of the two readings: '1' for each pair that it keeps, else '0'. */
export interface SingleTokenMarks {
  readonly leadingSpace: string
  readonly noSpace: string
}

/** docs/protocol.md, Single-token outputs: two readings of a list, filtered by the model's own tokenizer. */
export async function singleTokenReading(
  pairs: readonly Pair[],
  encoder: Encoder,
  prompt?: PromptFormat,
): Promise<SingleTokenReading> {
  return chooseReading(pairs, await markSingleTokens(pairs, encoder, prompt))
}

/** A prompt that writes the space before y itself has only the reading without. */
export async function markSingleTokens(
  pairs: readonly Pair[],
  encoder: Encoder,
  prompt?: PromptFormat,
): Promise<SingleTokenMarks> {
  const marks = async (written: readonly Pair[]) => {
    const kept = new Set(await singleTokenPairs(written, encoder, prompt))
    return written.map((pair) => (kept.has(pair) ? '1' : '0')).join('')
  }
  return {
    leadingSpace: writesSpace(prompt) ? '0'.repeat(pairs.length) : await marks(pairs.map(withLeadingSpace)),
    noSpace: await marks(pairs),
  }
}

export function chooseReading(pairs: readonly Pair[], marks: SingleTokenMarks): SingleTokenReading {
  const noSpace = pairs.filter((_, i) => marks.noSpace[i] === '1')
  const leadingSpace = pairs.filter((_, i) => marks.leadingSpace[i] === '1').map(withLeadingSpace)
  const kept = { leadingSpace: leadingSpace.length, noSpace: noSpace.length }
  return leadingSpace.length >= leadingSpaceShare * noSpace.length
    ? { reading: 'leading-space', pairs: leadingSpace, kept }
    : { reading: 'no-space', pairs: noSpace, kept }
}

/** A pair as a reading writes it. */
export function written(pair: Pair, reading: PreparedTask['reading']): Pair {
  return reading === 'leading-space' ? withLeadingSpace(pair) : pair
}

/** Accepted alternatives are unchanged: they are compared after stripping and never put into a prompt. */
function withLeadingSpace(pair: Pair): Pair {
  return { ...pair, input: ` ${pair.input}`, output: ` ${pair.output}` }
}

/**
 * Whether it is one token in its place, after the prompt's last words (the arrow): a SentencePiece tokenizer encodes a word differently at the
 * start of a text. (The authors' code checks `!y`.)
 */
async function singleTokenPairs(
  all: readonly Pair[],
  encoder: Encoder,
  prompt?: PromptFormat,
): Promise<Pair[]> {
  const pairs = await writablePairs(all, encoder, prompt)
  const last = lastWords(prompt)
  const texts = pairs.map(({ output }) => last + answerGap(prompt) + output)
  const [before = [], ...tokens] = await encoder.encode([last, ...texts], { special: false })
  return pairs.filter((_, i) => {
    const after = tokens[i] ?? []
    return after.length === before.length + 1 && before.every((token, at) => after[at] === token)
  })
}

/** What precedes an answer: the format's words after x or, without any, something that ends no word. */
export function lastWords(prompt: PromptFormat | undefined): string {
  return aroundQuery(prompt).after || '!'
}
