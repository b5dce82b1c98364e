import { describe, expect, it } from 'vitest'
import type { Pair } from '../../src/domain/types.js'
import { singleTokenReading, writablePairs, type Encode, type Encoder } from '../../src/tasks/single-token.js'
import { buildTokenizer } from '../../src/tokenizer/tokenizer.js'
import type { TokenizerFiles } from '../../src/tokenizer/tokenizer-files.js'
import { wordLevel } from './word-level.js'

const pairs: Pair[] = Array.from({ length: 10 }, (_, i) => ({
  input: `x${i}`,
  output: `y${i}`,
  accept: ['z'],
}))

const arrow = 9

/** The arrow is one token; after it, answers in `whole` are one token, all others two. */
const encoder = (whole: readonly string[]): Encoder => ({
  encode: async (texts) =>
    texts.map((text) => [arrow, ...(text === '->' ? [] : whole.includes(text.slice(2)) ? [1] : [1, 2])]),
})

const spaced = (count: number) => pairs.slice(0, count).map(({ output }) => ` ${output}`)
const plain = (count: number) => pairs.slice(0, count).map(({ output }) => output)

it.each([
  [7, 10, 'leading-space', 7],
  [6, 10, 'no-space', 10],
  [10, 0, 'leading-space', 10],
  [0, 3, 'no-space', 3],
])('with %i one-token answers after a space and %i without: %s', async (space, none, reading, kept) => {
  const result = await singleTokenReading(pairs, encoder([...spaced(space), ...plain(none)]))
  expect(result.reading).toBe(reading)
  expect(result.pairs).toHaveLength(kept)
  expect(result.kept).toEqual({ leadingSpace: space, noSpace: none })
})

it('writes x and y with the space, and accepted answers unchanged', async () => {
  const { pairs: kept } = await singleTokenReading(pairs, encoder(spaced(10)))
  expect(kept[0]).toEqual({ input: ' x0', output: ' y0', accept: ['z'] })
})

it('asks for no special tokens: a BOS would make every answer two tokens', async () => {
  const asked: unknown[] = []
  await singleTokenReading(pairs, {
    encode: async (texts, options) => {
      asked.push(options)
      return texts.map(() => [arrow])
    },
  })
  expect(asked).toEqual([{ special: false }, { special: false }])
})

it('counts an answer as in the prompt: SentencePiece tokenizes a word differently at the start of a text', async () => {
  // At the start every word gets a space before it; after the arrow only a written one counts.
  const encode: Encode = async (texts: readonly string[]) =>
    texts.map((text) => (text === '->' ? [arrow] : text.startsWith('-> ') ? [arrow, 1] : [arrow, 1, 2]))
  const { reading, kept } = await singleTokenReading(pairs, { encode })
  expect(reading).toBe('leading-space')
  expect(kept).toEqual({ leadingSpace: 10, noSpace: 0 })
})

it('leaves out an answer that merges with the arrow', async () => {
  const encode: Encode = async (texts) => texts.map((text) => (text === '->' ? [arrow] : [8, 1]))
  expect((await singleTokenReading(pairs, { encode })).pairs).toEqual([])
})

describe('with a tokenizer that has an unknown token', () => {
  const known = ['cat', 'chat', 'dog', 'Mexico', 'City']
  const list: Pair[] = [
    { input: 'cat', output: 'chat', accept: ['unseen'] },
    { input: 'dog', output: 'chien', accept: ['chat'] },
    { input: 'bird', output: 'chat', accept: [] },
    { input: 'Mexico', output: 'Mexico City', accept: [] },
    { input: 'dog', output: 'Mexico Town', accept: [] },
  ]
  const encoderOf = (files: TokenizerFiles): Encoder => {
    const { encode, unknownToken } = buildTokenizer('words', files)
    return { encode: async (texts) => texts.map((text) => encode(text, false)), unknownToken }
  }

  it('keeps the pairs whose x and y it can write; accepted answers never occur in a prompt', async () => {
    expect(await writablePairs(list, encoderOf(wordLevel(known)))).toEqual([list[0], list[3]])
  })

  it("an unknown word of the prompt's own counts for no pair", async () => {
    const files = wordLevel(known, { frame: [':', '->'] })
    expect(await writablePairs(list, encoderOf(files))).toEqual([list[0], list[3]])
  })

  it('an unknown answer is no one-token answer, though it is one token', async () => {
    const { pairs: kept } = await singleTokenReading(list, encoderOf(wordLevel(known)))
    expect(kept.map(({ input, output }) => [input, output])).toEqual([[' cat', ' chat']])
  })

  it('leaves a list unchanged if everything can be written', async () => {
    const encode: Encode = async () => expect.unreachable('nothing needs to be encoded')
    expect(await writablePairs(list, { encode })).toBe(list)
  })
})
