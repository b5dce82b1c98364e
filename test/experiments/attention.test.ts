import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Item } from '../../src/domain/types.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { attentionShares } from '../../src/experiments/attention/forward-passes.js'
import { groupedPrompts, groups, type Group } from '../../src/experiments/attention/groups.js'
import { promptsOf } from '../../src/experiments/prompts.js'
import { makeTinyModel } from '../tiny-model.js'

let engine: LocalEngine
beforeAll(async () => {
  engine = await loadEngine(makeTinyModel(join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'tiny')))
})
afterAll(() => engine.close())

const item = (query: string, inputs: string, change: Partial<Item> = {}): Item => ({
  demonstrations: [...inputs].map((input) => ({ input, output: input.toUpperCase() })),
  query,
  answer: query.toUpperCase(),
  accept: [],
  dummyQueries: ['x'],
  ...change,
})
const items = [item('a', 'bcd'), item('g', 'hij'), item('c', 'lmn')]

describe('the groups of a prompt’s tokens', () => {
  it('contain every token once, except those after a token equal to the last', async () => {
    const [grouped] = await groupedPrompts(engine, items)
    const [asked] = await promptsOf(engine, items)
    expect(grouped?.prompt).toEqual(asked?.regular)
    const texts = await engine.decode(grouped?.prompt ?? [])
    const textOf = (group: Group) =>
      grouped?.groups[groups.indexOf(group)]?.map((place) => texts[place]).join('')
    expect(textOf('inputs')).toBe('bcd')
    expect(textOf('outputs')).toBe('BCD')
    expect(textOf('query')).toBe('a')
    expect(textOf('end')).toBe('->')
    expect(textOf('arrows')).toBe('->->->')
    expect(textOf('induction')).toBe('BCD')
    expect(`${textOf('first')}${textOf('format')}`).toBe('example:\nexample:\nexample:\nexample:')
    const places = grouped?.groups.slice(0, -1).flat() ?? []
    expect(places.sort((a, b) => a - b)).toEqual([...(grouped?.prompt.keys() ?? [])])
  })

  it('without demonstrations are the query and its surroundings', async () => {
    const [grouped] = await groupedPrompts(engine, [item('a', '')])
    const filled = groups.filter((_, g) => (grouped?.groups[g]?.length ?? 0) > 0)
    expect(filled).toEqual(['first', 'format', 'query', 'end'])
  })

  it('follow the words of a custom prompt; a token that two parts share belongs to the later one', async () => {
    const prompt = {
      demonstration: 'x{x} is {y}.',
      query: 'x{x} is ',
      separator: '\n',
      prefix: 'Say: ',
      suffix: '',
    }
    const [grouped] = await groupedPrompts(engine, [item('a', 'bc', { prompt })])
    const texts = await engine.decode(grouped?.prompt ?? [])
    const textOf = (group: Group) =>
      grouped?.groups[groups.indexOf(group)]?.map((place) => texts[place]).join('')
    expect([textOf('inputs'), textOf('outputs'), textOf('query'), textOf('end')]).toEqual([
      ...['bc', 'BC', 'a', ' is '],
    ])
  })
})

describe('attention at the last token', () => {
  it('adds up to 1 over the parts of the prompt, and is the mean over the items', async () => {
    const step = { model: 'tiny', modelHash: '', task: 'upper', scoring: 'exact' as const, seed: 41 }
    const all = await attentionShares(engine, { ...step, items }, {})
    const values = valuesOf(all)
    expect(all.heads).toEqual(Array(6).fill(4))
    expect(all.groups.map(({ group, tokens }) => [group, tokens])).toContainEqual(['outputs', 3])
    expect(values).toHaveLength(6 * 4 * all.groups.length)
    for (let head = 0; head < 24; head++) {
      const ofHead = values.slice(head * all.groups.length, (head + 1) * all.groups.length)
      const sum = all.groups.reduce(
        (sum, { group }, g) => sum + (group === 'induction' ? 0 : (ofHead[g]?.mean ?? NaN)),
        0,
      )
      expect(Math.abs(sum - 1)).toBeLessThan(1e-5)
      for (const { mean, low, high } of ofHead) expect(low <= mean && mean <= high).toBe(true)
    }
    const alone: ReturnType<typeof valuesOf>[] = []
    for (const one of items)
      alone.push(valuesOf(await attentionShares(engine, { ...step, items: [one] }, {})))
    values.forEach(({ mean }, i) => {
      const expected = alone.reduce((sum, of) => sum + (of[i]?.mean ?? NaN), 0) / items.length
      expect(Math.abs(mean - expected)).toBeLessThan(1e-5)
    })
  })
})

function valuesOf({ base64 }: { readonly base64: string }) {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  const values = new Float32Array(bytes.buffer)
  return Array.from({ length: values.length / 3 }, (_, i) => {
    const [mean, low, high] = values.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number]
    return { mean, low, high }
  })
}
