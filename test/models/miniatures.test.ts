import { createHash } from 'node:crypto'
import { appendFileSync, cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import { catalogFolder, committedFolder, modelCatalog } from '../../src/models/catalog.js'
import { locateModel } from '../../src/models/locate.js'
import { readTokenizer } from '../../src/tokenizer/tokenizer.js'
import { largestDifference } from '../golden/read.js'

/** What transformers computed; regenerate with test/golden/make_miniatures.py. */
interface Golden {
  readonly every: number
  readonly tokenizer: { prompts: number; perDigest: number; digests: string[]; first: number[][] }
  readonly models: Record<string, Prompt[]>
}

interface Prompt {
  readonly text: string
  readonly tokens: number[]
  readonly best: number
  readonly bestLogit: number
  readonly sample: number[]
}

const golden = JSON.parse(
  readFileSync(new URL('../golden/miniatures.json', import.meta.url), 'utf8'),
) as Golden
const miniatures = modelCatalog().filter(({ folder }) => folder !== undefined)

afterEach(() => void vi.unstubAllEnvs())

it('are seven, of the three families, at most 4 MB each and 15 MB together', () => {
  expect(miniatures.map(({ id }) => id).sort()).toEqual(Object.keys(golden.models).sort())
  expect(miniatures).toHaveLength(7)
  expect(new Set(miniatures.map(({ architecture }) => architecture))).toEqual(
    new Set(['llama', 'gptj', 'gpt_neox']),
  )
  const sizes = miniatures.map(({ files }) => files.reduce((sum, { bytes }) => sum + bytes, 0))
  expect(Math.max(...sizes)).toBeLessThan(4e6)
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(15e6)
})

describe.each(Object.entries(golden.models))('%s, against transformers', (id, prompts) => {
  it('has the same token ids and the same logits', async () => {
    const engine = await loadEngine(locateModel({ id }))
    expect(await engine.encode(prompts.map(({ text }) => text))).toEqual(prompts.map(({ tokens }) => tokens))
    for (const { tokens, best, bestLogit, sample } of prompts) {
      const logits = await engine.logits(tokens)
      expect(logits.indexOf(Math.max(...logits))).toBe(best)
      const sampled = Array.from(logits).filter((_, i) => i % golden.every === 0)
      expect(largestDifference([...sampled, logits[best] ?? NaN], [...sample, bestLogit])).toBeLessThan(1e-4)
    }
    await engine.close()
  })
})

describe('their tokenizer', () => {
  it('is the same file in all of them', () => {
    const hashes = miniatures.map(({ files }) => files.find(({ name }) => name === 'tokenizer.json')?.sha256)
    expect(new Set(hashes).size).toBe(1)
  })

  it('gives 10,000 random prompts the ids that transformers gives them', () => {
    const [first] = miniatures
    const folder = (first && committedFolder(first)) ?? ''
    const tokenizer = readTokenizer(folder)
    const { prompts, perDigest, digests, first: firstIds } = golden.tokenizer
    const ids = randomPrompts(wordsOf(folder), prompts).map((text) => tokenizer.encode(text, true))
    expect(ids.slice(0, firstIds.length)).toEqual(firstIds)
    const found = digests.map((_, i) =>
      createHash('sha256')
        .update(JSON.stringify(ids.slice(i * perDigest, (i + 1) * perDigest)))
        .digest('hex'),
    )
    expect(found).toEqual(digests)
  })
})

it('are refused once a byte of them has changed', async () => {
  const [first] = miniatures
  const original = (first && committedFolder(first)) ?? ''
  const project = mkdtempSync(join(tmpdir(), 'taskvec-'))
  cpSync(catalogFolder(), join(project, 'configs', 'models'), { recursive: true })
  const copy = join(project, 'miniatures', first?.folder ?? '')
  cpSync(original, copy, { recursive: true })
  appendFileSync(join(copy, 'tokenizer.json'), ' ')
  vi.resetModules()
  vi.doMock('../../src/system/home.js', () => ({ projectRoot: () => project, cacheFolder: () => project }))
  const { refuseAltered } = await import('../../src/models/manifest.js')
  await expect(refuseAltered(copy)).rejects.toMatchObject({
    code: 'WEIGHTS',
    message: expect.stringMatching(/tokenizer\.json: not the file whose hash the catalogue holds/) as string,
  })
  vi.doUnmock('../../src/system/home.js')
})

function wordsOf(folder: string): string[] {
  const { model } = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> }
  }
  // By code point, as Python sorts.
  return Object.keys(model.vocab).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** The same prompts as `random_prompts` of make_miniatures.py. */
function randomPrompts(words: readonly string[], count: number): string[] {
  const noise = [
    ' ',
    '  ',
    '\t',
    'é',
    '->',
    '\n',
    ',',
    'example:',
    'a,b',
    'unheard of',
    '<unk>',
    '🙂',
    'Paris,Rome',
  ]
  let state = 41
  const below = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state * n) / 2 ** 32)
  }
  const word = () => (below(8) === 0 ? noise[below(noise.length)] : words[below(words.length)])
  return Array.from({ length: count }, () => {
    const lines = Array.from({ length: below(8) }, () => `example:${word()}->${word()}\n`)
    return `${lines.join('')}example:${word()}->`
  })
}
