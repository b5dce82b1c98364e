import { beforeAll, describe, expect, it } from 'vitest'
import type { Item, Protocol } from '../../src/domain/types.js'
import { prepareTask } from '../../src/experiments/prepare-task.js'
import { locateModel } from '../../src/models/locate.js'
import type { Encode } from '../../src/tasks/single-token.js'
import { builtinTaskIds } from '../../src/tasks/registry.js'
import { buildTokenizer, loadTokenizer } from '../../src/tokenizer/tokenizer.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { wordLevel } from '../tasks/word-level.js'

const protocol: Protocol = {
  seed: 41,
  demonstrations: 5,
  dummyQueries: 2,
  dummyMayBeDemonstration: true,
  testItems: 20,
  devItems: 10,
  baselineItems: 15,
}

/** The arrow, then one token a word of up to four letters, two for longer ones; a leading space is no token of its own. */
const decode = async (tokens: readonly number[]) => tokens.map(String)
const shortWords: { encode: Encode; decode: typeof decode; info: object } = {
  info: {},
  decode,
  encode: async (texts) =>
    texts.map((text) => [0, ...(text === '->' ? [] : text.slice(2).trim().length <= 4 ? [1] : [1, 2])]),
}

describe('a prepared task', () => {
  it('keeps the pairs whose answer is one token, and draws all items from them', async () => {
    const prepared = await prepareTask(shortWords, { kind: 'builtin', id: 'linguistic_antonyms' }, protocol)
    expect(prepared.reading).toBe('leading-space')
    for (const { output } of prepared.pairs ?? []) expect(output).toMatch(/^ .{1,4}$/)
    const inputs = new Set(prepared.pairs?.map(({ input }) => input))
    for (const { query, demonstrations, dummyQueries } of [...prepared.items.test, ...prepared.items.dev])
      for (const input of [query, ...dummyQueries, ...demonstrations.map((shown) => shown.input)])
        expect(inputs.has(input)).toBe(true)
    expect([prepared.items.baseline.length, prepared.items.dev.length, prepared.items.test.length]).toEqual([
      15, 10, 20,
    ])
  })

  it('uses knowledge and letters as written', async () => {
    for (const id of ['knowledge_country_capital', 'algorithmic_to_upper']) {
      const prepared = await prepareTask(shortWords, { kind: 'builtin', id }, protocol)
      expect(prepared.reading).toBe('as-written')
      expect(prepared.items.test[0]?.query).not.toMatch(/^ /)
    }
  })

  it('warns if few pairs remain, and stops if too few do', async () => {
    const list = (count: number) => ({
      kind: 'list' as const,
      id: 'mine',
      scoring: 'exact' as const,
      singleToken: true,
      pairs: Array.from({ length: 100 }, (_, i) => ({
        input: `x${i}`,
        output: i < count ? 'yes' : 'no, never',
        accept: [],
      })),
    })
    const { warnings } = await prepareTask(shortWords, list(69), protocol)
    expect(warnings.join()).toContain('mine: kept 69 of 100 pairs (69 %): answers of one token')
    expect((await prepareTask(shortWords, list(70), protocol)).warnings).toEqual([])
    const short = { ...list(30), pairs: list(30).pairs.slice(0, 30) }
    expect((await prepareTask(shortWords, short, protocol)).warnings).toEqual([
      'mine: the list has 30 pairs; at least 70 are advised',
    ])
    await expect(prepareTask(shortWords, list(5), protocol)).rejects.toThrow(
      'mine: 5 pairs are left, but an item needs 6',
    )
  })

  it('reports how many items of a generated task, or of explicit items, have an unknown word', async () => {
    const tokenizer = buildTokenizer('words', wordLevel(['a', 'b']))
    const words = {
      encode: (async (texts) => texts.map((text) => tokenizer.encode(text, false))) satisfies Encode,
      decode: async (tokens: readonly number[]) => tokens.map(tokenizer.decodeToken),
      info: { unknownToken: tokenizer.unknownToken ?? -1 },
    }
    // A list of letters is one word to this tokenizer, and it knows none.
    const made = await prepareTask(words, { kind: 'builtin', id: 'algorithmic_list_first' }, protocol)
    expect(made.warnings).toEqual([
      "algorithmic_list_first: 45 of 45 items have a word that this model's tokenizer can only write as its unknown token",
    ])
    const item = (query: string, dummy: string): Item => ({
      demonstrations: [{ input: 'a', output: 'b' }],
      query,
      answer: 'a',
      accept: ['unseen'],
      dummyQueries: [dummy],
    })
    const items = { baseline: [], dev: [item('b', 'a'), item('c', 'a')], test: [item('b', 'c')] }
    const given = await prepareTask(words, { kind: 'items', id: 'mine', scoring: 'exact', items }, protocol)
    expect(given.warnings.join()).toContain('mine: 2 of 3 items have a word')
    expect(given.items).toBe(items)

    const qa = {
      ...protocol,
      prompt: {
        id: 'qa',
        demonstration: 'Q:{x}A:{y}',
        query: 'Q:{x}A:',
        separator: '\n',
        prefix: '',
        suffix: '',
      },
    }
    const asked = await prepareTask(words, { kind: 'items', id: 'mine', scoring: 'exact', items }, qa)
    expect(asked.warnings.join()).toContain('prompt qa: this model')
    expect(
      (await prepareTask(shortWords, { kind: 'builtin', id: 'algorithmic_list_first' }, protocol)).warnings,
    ).toEqual([])
  })

  it('leaves out pairs with an unknown word in every list task, and reports it only if few are left', async () => {
    const words = (count: number) => {
      const known = Array.from({ length: count }, (_, i) => [`x${i}`, `y${i}`]).flat()
      const tokenizer = buildTokenizer('words', wordLevel(known))
      const encode: Encode = async (texts) => texts.map((text) => tokenizer.encode(text, false))
      return { encode, decode, info: { unknownToken: tokenizer.unknownToken ?? -1 } }
    }
    const list = (singleToken: boolean) => ({
      kind: 'list' as const,
      id: 'mine',
      scoring: 'prefix' as const,
      singleToken,
      pairs: Array.from({ length: 100 }, (_, i) => ({ input: `x${i}`, output: `y${i}`, accept: [] })),
    })
    for (const singleToken of [false, true]) {
      const enough = await prepareTask(words(70), list(singleToken), protocol)
      expect(enough.pairs).toHaveLength(70)
      expect(enough.warnings).toEqual([])
      const few = await prepareTask(words(69), list(singleToken), protocol)
      expect(few.pairs?.map(({ input }) => input.trim())).toEqual(
        Array.from({ length: 69 }, (_, i) => `x${i}`),
      )
      expect(few.warnings[0]).toBe(
        "mine: 31 of 100 pairs have a word that this model's tokenizer can only write as its unknown token; 69 are left",
      )
      await expect(prepareTask(words(5), list(singleToken), protocol)).rejects.toThrow(
        /5 pairs are left, but an item needs 6[^]*95 of 100 pairs have a word/,
      )
    }
  })

  it('takes explicit items as they are', async () => {
    const item: Item = {
      demonstrations: [{ input: ' a', output: 'b ' }],
      query: 'c',
      answer: ' d',
      accept: ['e'],
      dummyQueries: ['f'],
    }
    const items = { baseline: [], dev: [item], test: [item, item] }
    const prepared = await prepareTask(
      shortWords,
      { kind: 'items', id: 'mine', scoring: 'prefix', items },
      protocol,
    )
    expect(prepared).toMatchObject({
      task: 'mine',
      category: 'custom',
      scoring: 'prefix',
      pairs: null,
      items,
    })
  })
})

describe("with SmolLM2's own tokenizer", () => {
  let encode: Encode
  let decode: (tokens: readonly number[]) => Promise<string[]>
  beforeAll(async () => {
    const checkpoint = await openCheckpoint(locateModel({ id: 'smollm2-135m-q4' }))
    const tokenizer = loadTokenizer(checkpoint)
    checkpoint.close()
    encode = async (texts, options) => texts.map((text) => tokenizer.encode(text, options?.special ?? true))
    decode = async (tokens) => tokens.map(tokenizer.decodeToken)
  })

  it.each(builtinTaskIds)(
    '%s has enough pairs to draw from, and reports if most were left out',
    async (id) => {
      const prepared = await prepareTask({ encode, decode, info: {} }, { kind: 'builtin', id }, protocol)
      const mostLeftOut = ['translation_en_fr', 'translation_en_es'].includes(id)
      expect(prepared.warnings).toEqual(
        mostLeftOut
          ? [expect.stringMatching(/: kept \d+ of \d+ pairs \(\d+(\.\d)? %\): answers of one token/)]
          : [],
      )
      const category = id.split('_')[0] ?? ''
      expect(prepared.reading).toBe(
        ['translation', 'linguistic'].includes(category) ? 'leading-space' : 'as-written',
      )
      if (['translation', 'linguistic'].includes(category)) {
        const answers = prepared.items.test.map(({ answer }) => answer)
        for (const tokens of await encode(answers, { special: false })) expect(tokens).toHaveLength(1)
      }
    },
  )

  it('says how many answers begin in the middle of a character, where prefix compares texts', async () => {
    const list = (scoring: 'prefix' | 'first-token') => ({
      kind: 'list' as const,
      id: 'ja',
      scoring,
      singleToken: false,
      pairs: ['猫', '犬', '皿', '石', '竹', '紙', 'cat', 'dog', 'cow'].map((output, i) => ({
        input: `x${i}`,
        output,
        accept: [],
      })),
    })
    const engine = { encode, decode, info: {} }
    const { warnings } = await prepareTask(engine, list('prefix'), protocol)
    expect(warnings).toEqual([
      expect.stringMatching(/^ja: [1-6] of 9 answers begin with a token that is part of a character/),
    ])
    expect((await prepareTask(engine, list('first-token'), protocol)).warnings).toEqual([])
  })
})
