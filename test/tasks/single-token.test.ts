import { expect, it } from 'vitest'
import type { Pair } from '../../src/domain/types.js'
import { singleTokenReading } from '../../src/tasks/single-token.js'

const pairs: Pair[] = Array.from({ length: 10 }, (_, i) => ({
  input: `x${i}`,
  output: `y${i}`,
  accept: ['z'],
}))

const arrow = 9

/** The arrow is one token; after it, answers in `whole` are one token, all others two. */
const encoder = (whole: readonly string[]) => async (texts: readonly string[]) =>
  texts.map((text) => [arrow, ...(text === '->' ? [] : whole.includes(text.slice(2)) ? [1] : [1, 2])])

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

it('writes x and y with the space, and leaves accepted answers alone', async () => {
  const { pairs: kept } = await singleTokenReading(pairs, encoder(spaced(10)))
  expect(kept[0]).toEqual({ input: ' x0', output: ' y0', accept: ['z'] })
})

it('asks for no special tokens: a BOS would make every answer two tokens', async () => {
  const asked: unknown[] = []
  await singleTokenReading(pairs, async (texts, options) => {
    asked.push(options)
    return texts.map(() => [arrow])
  })
  expect(asked).toEqual([{ special: false }, { special: false }])
})

it('counts an answer as it stands in the prompt: SentencePiece writes a word otherwise at the start of a text', async () => {
  // At the start every word gets a space before it; after the arrow only a written one counts.
  const sentencePiece = async (texts: readonly string[]) =>
    texts.map((text) => (text === '->' ? [arrow] : text.startsWith('-> ') ? [arrow, 1] : [arrow, 1, 2]))
  const { reading, kept } = await singleTokenReading(pairs, sentencePiece)
  expect(reading).toBe('leading-space')
  expect(kept).toEqual({ leadingSpace: 10, noSpace: 0 })
})

it('leaves out an answer that merges with the arrow', async () => {
  const merging = async (texts: readonly string[]) => texts.map((text) => (text === '->' ? [arrow] : [8, 1]))
  expect((await singleTokenReading(pairs, merging)).pairs).toEqual([])
})
