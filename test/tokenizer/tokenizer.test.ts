import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { locateModel } from '../../src/models/locate.js'
import { buildTokenizer, loadTokenizer, readTokenizer } from '../../src/tokenizer/tokenizer.js'
import { ggufTokenizer, tokenizerOf } from '../../src/tokenizer/gguf-tokenizer.js'
import { BoundedFile } from '../../src/weights/bounded-file.js'
import { readGguf, type GgufValue } from '../../src/weights/gguf.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { wordLevel } from '../tasks/word-level.js'

const golden = join(projectRoot(), 'test', 'golden')
const smollm2 = locateModel({ id: 'smollm2-135m-q4' })
const mixed = join(golden, 'weights', 'mixed.gguf')

function expected<T>(name: string): T {
  return JSON.parse(readFileSync(join(golden, 'tokenizers', name), 'utf8')) as T
}

interface Golden {
  prompts: { text: string; ids: number[] }[]
  vocab: number
  decodedSha256: string
}

function load(path: string) {
  return buildTokenizer(path, ggufTokenizer(path))
}

it('drops bytes without a token before merging, as Hugging Face does', () => {
  const { encode } = load(smollm2)
  // Without it, ")<" is one token.
  expect([encode(')\u0014<', false), encode('\u0014', false)]).toEqual([[47902], []])
})

/** Regenerate with test/golden/make_tokenizers.py. */
describe('a tokenizer made from GGUF metadata', () => {
  it.each([
    ['SmolLM2: digits one by one, no BOS', smollm2, 'smollm2.json'],
    ['GPT-2 splitting, a BOS', mixed, 'mixed.json'],
    [
      'SentencePiece with byte fallback, a BOS',
      join(golden, 'tokenizers', 'sentencepiece.gguf'),
      'sentencepiece.json',
    ],
  ])('%s: ids are those of the reference implementation', (_, path, file) => {
    const tokenizer = load(path)
    const { prompts } = expected<Golden>(file)
    const found = prompts.map(({ text }) => ({ text, ids: tokenizer.encode(text, true) }))
    expect(found).toEqual(prompts)
  })

  it.each([
    ['SmolLM2', smollm2, 'smollm2.json'],
    ['GPT-2 splitting', mixed, 'mixed.json'],
  ])('%s: every token alone decodes to the reference text', (_, path, file) => {
    const tokenizer = load(path)
    const { vocab, decodedSha256 } = expected<Golden>(file)
    const texts = Array.from({ length: vocab }, (_, token) => tokenizer.decodeToken(token))
    expect(createHash('sha256').update(texts.join('\0')).digest('hex')).toBe(decodedSha256)
  })

  it('adds no BOS without special', () => {
    expect(load(mixed).encode('the', true)).toEqual([0, ...load(mixed).encode('the', false)])
  })

  it.each(['llama-bpe', 'llama3', 'llama-v3'])(
    "%s: splits as LLaMA 3's pattern does and adds a BOS even where no key says so",
    (pre) => {
      const metadata = new Map(metadataOf(mixed)).set('tokenizer.ggml.pre', pre)
      metadata.delete('tokenizer.ggml.add_bos_token')
      const tokenizer = buildTokenizer(mixed, tokenizerOf(mixed, metadata))
      const { prompts } = expected<Golden>('llama3.json')
      expect(prompts.map(({ text }) => ({ text, ids: tokenizer.encode(text, true) }))).toEqual(prompts)
    },
  )

  it('without a name for its splitting is refused, never guessed', () => {
    const metadata = new Map(metadataOf(mixed))
    metadata.delete('tokenizer.ggml.pre')
    expect(() => tokenizerOf(mixed, metadata)).toThrow(`${mixed}: no tokenizer.ggml.pre`)
  })

  it.each<[string, Record<string, GgufValue>, number[]]>([
    ['a flag is a number', { add_bos_token: 1 }, [0]],
    ['a flag is the number 0', { add_bos_token: 0 }, []],
    ['there is no BOS, by -1', { add_bos_token: false, bos_token_id: 0xffffffff }, []],
  ])('is read where %s', (_, change, before) => {
    const metadata = new Map(metadataOf(mixed))
    for (const [key, value] of Object.entries(change)) metadata.set(`tokenizer.ggml.${key}`, value)
    const { encode } = buildTokenizer(mixed, tokenizerOf(mixed, metadata))
    expect(encode('the', true)).toEqual([...before, ...encode('the', false)])
  })

  it("SentencePiece's BOS is 1 where the file does not say", () => {
    const path = join(golden, 'tokenizers', 'sentencepiece.gguf')
    const metadata = new Map(metadataOf(path))
    for (const key of ['bos_token_id', 'unknown_token_id']) metadata.delete(`tokenizer.ggml.${key}`)
    const built = buildTokenizer(path, tokenizerOf(path, metadata))
    expect(built.encode('the', true)[0]).toBe(1)
    expect(built.unknownToken).toBe(0)
  })

  it.each<[string, GgufValue, string]>([
    ['tokenizer.ggml.pre', 'smolm', 'unknown pre-tokenizer "smolm"; did you mean "smollm"?'],
    ['tokenizer.ggml.pre', 'constructor', 'unknown pre-tokenizer "constructor"'],
    [
      'tokenizer.ggml.model',
      'bert',
      'tokenizer "bert" in a GGUF; known: gpt2 (byte-level BPE), llama (SentencePiece)',
    ],
    ['tokenizer.ggml.model', 'llama', 'no scores for 288 tokens'],
    ['tokenizer.ggml.tokens', [], 'tokenizer metadata'],
    ['tokenizer.ggml.tokens', ['a', 'b', 'a'], '288 token types for 3 tokens'],
    ['tokenizer.ggml.add_eos_token', true, 'a token would be added after each prompt'],
    ['tokenizer.ggml.add_sep_token', 1, 'a token would be added after each prompt'],
    ['tokenizer.ggml.add_bos_token', 2, 'tokenizer metadata'],
    ['tokenizer.ggml.tokens', 'abc', 'tokenizer metadata'],
    ['tokenizer.ggml.bos_token_id', 99999, 'a BOS is to be added, but bos_token_id is 99999'],
  ])('%s = %j is refused', (key, value, message) => {
    const metadata = new Map(metadataOf(mixed)).set(key, value)
    expect(() => buildTokenizer(mixed, tokenizerOf(mixed, metadata))).toThrow(message)
  })
})

describe('a tokenizer.json of a folder', () => {
  it('is used as it is, and a missing or broken one is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
    cpSync(join(golden, 'tiny', 'f16'), folder, { recursive: true })
    const checkpoint = await openCheckpoint(folder)
    try {
      const tokenizer = loadTokenizer(checkpoint)
      expect(tokenizer.encode('t5 t6 t7', true)).toEqual([5, 6, 7])
      expect([5, 0].map((token) => tokenizer.decodeToken(token))).toEqual(['t5', ''])
      writeFileSync(join(folder, 'tokenizer.json'), '{"model": ')
      expect(() => loadTokenizer(checkpoint)).toThrow(`${join(folder, 'tokenizer.json')}: not JSON`)
      rmSync(join(folder, 'tokenizer.json'))
      expect(() => loadTokenizer(checkpoint)).toThrow(`${join(folder, 'tokenizer.json')}: missing`)
    } finally {
      checkpoint.close()
    }
  })
})

/** Regenerate with test/golden/make_tokenizers.py. */
describe.each(readdirSync(join(golden, 'tokenizers', 'folders')))('the tokenizer of a folder, %s', (name) => {
  const folder = join(golden, 'tokenizers', 'folders', name)
  const { prompts, decoded } = expected<FolderGolden>(join('folders', name, 'expected.json'))

  it('gives the ids that transformers gives, with special tokens and without', () => {
    const tokenizer = readTokenizer(folder)
    const found = prompts.map(({ text }) => ({
      text,
      ids: tokenizer.encode(text, true),
      plain: tokenizer.encode(text, false),
    }))
    expect(found).toEqual(prompts)
  })

  it('decodes every token alone to the same text', () => {
    const tokenizer = readTokenizer(folder)
    expect(decoded.map((_, token) => tokenizer.decodeToken(token))).toEqual(decoded)
  })
})

interface FolderGolden {
  prompts: { text: string; ids: number[]; plain: number[] }[]
  /** By token. */
  decoded: string[]
}

describe('decodeToken', () => {
  it('gives a replacement character for a piece of a character, and nothing for ids that are no tokens', () => {
    const tokenizer = load(smollm2)
    const [first = -1, ...rest] = tokenizer.encode('\u{1F9FF}', false)
    expect(rest.length).toBeGreaterThan(0)
    expect(tokenizer.decodeToken(first)).toContain('\uFFFD')
    expect([-1, 49152, 1e9].map((token) => tokenizer.decodeToken(token))).toEqual(['', '', ''])
  })
})

function metadataOf(path: string): ReadonlyMap<string, GgufValue> {
  const file = new BoundedFile(path)
  try {
    return readGguf(file).metadata
  } finally {
    file.close()
  }
}

describe('the unknown token', () => {
  const kinds: [string, object, number | undefined][] = [
    ['WordLevel', { type: 'WordLevel', vocab: { a: 0, '[UNK]': 1 }, unk_token: '[UNK]' }, 1],
    ['BPE with byte fallback', { type: 'BPE', vocab: { '<unk>': 0 }, merges: [], unk_token: '<unk>' }, 0],
    ['byte-level BPE', { type: 'BPE', vocab: { a: 0 }, merges: [], unk_token: null }, undefined],
    [
      'Unigram',
      {
        type: 'Unigram',
        vocab: [
          ['<unk>', 0],
          ['a', -1],
        ],
        unk_id: 0,
      },
      0,
    ],
    ['one that is not in the vocabulary', { type: 'WordLevel', vocab: { a: 0 }, unk_token: '?' }, undefined],
    [
      'one named like an own method',
      { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'toString' },
      undefined,
    ],
  ]
  it.each(kinds)('%s', (_, model, unknown) => {
    const files = { ...wordLevel([]), tokenizer: { ...wordLevel([]).tokenizer, model } }
    expect(buildTokenizer('x', files).unknownToken).toBe(unknown)
  })

  it("a word-level model's stands for every word that it does not know, without a tokenizer_config.json", () => {
    const { encode } = buildTokenizer('x', wordLevel(['cat', 'chat']))
    expect(encode('example:dog->chat', false)).toEqual([1, 2, 0, 3, 6])
  })

  it('a word-level model without one refuses what it cannot write', () => {
    const { encode } = buildTokenizer('words', wordLevel(['cat'], { unknown: null }))
    expect(encode('cat', false)).toEqual([4])
    expect(() => encode('example:dog->', false)).toThrow(`words: the tokenizer can't write "example:dog->"`)
  })

  it("SmolLM2's and LLaMA's tokenizers never need one", () => {
    expect(load(smollm2).unknownToken).toBeUndefined()
    const llama = load(join(golden, 'tokenizers', 'sentencepiece.gguf'))
    expect(llama.encode('\u{10FFFF}é漢', false)).not.toContain(llama.unknownToken)
  })
})
