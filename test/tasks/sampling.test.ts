import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Item, Pair, Protocol } from '../../src/domain/types.js'
import { drawItems } from '../../src/tasks/sampling.js'

const protocol: Protocol = {
  seed: 41,
  demonstrations: 5,
  dummyQueries: 2,
  dummyMayBeDemonstration: true,
  testItems: 6,
  devItems: 5,
  baselineItems: 4,
}

function pairs(count: number): Pair[] {
  return Array.from({ length: count }, (_, i) => ({ input: `x${i}`, output: `y${i}`, accept: [] }))
}

describe('drawn items', () => {
  it('have k different demonstrations, a query outside them, and different dummy queries that are not the query', () => {
    fc.assert(
      fc.property(
        fc.record({
          size: fc.integer({ min: 1, max: 20 }),
          seed: fc.nat(),
          demonstrations: fc.integer({ min: 1, max: 6 }),
          dummyQueries: fc.integer({ min: 1, max: 4 }),
          dummyMayBeDemonstration: fc.boolean(),
        }),
        ({ size, ...settings }) => {
          const { demonstrations: k, dummyQueries: d, dummyMayBeDemonstration: may } = settings
          fc.pre(size >= (may ? Math.max(k, d) + 1 : k + d + 1))
          const items = drawItems('task', pairs(size), { ...protocol, ...settings })
          expect([items.test.length, items.dev.length, items.baseline.length]).toEqual([6, 5, 4])
          for (const item of [...items.test, ...items.dev]) {
            const inS = item.demonstrations.map(({ input }) => input)
            expect(new Set([...inS, item.query]).size).toBe(k + 1)
            expect(new Set([...item.dummyQueries, item.query]).size).toBe(d + 1)
            if (!may) expect(item.dummyQueries.filter((dummy) => inS.includes(dummy))).toEqual([])
            expect(item.answer).toBe(item.query.replace('x', 'y'))
          }
          for (const item of items.baseline)
            expect([item.demonstrations, item.dummyQueries]).toEqual([[], []])
        },
      ),
    )
  })

  it('do not change when more of them, or more of another split, are requested', () => {
    const few = drawItems('task', pairs(30), protocol)
    const many = drawItems('task', pairs(30), { ...protocol, testItems: 40, devItems: 9, baselineItems: 50 })
    expect(many.test.slice(0, 6)).toEqual(few.test)
    expect(many.dev.slice(0, 5)).toEqual(few.dev)
    expect(many.baseline.slice(0, 4)).toEqual(few.baseline)
  })

  it('change with the seed, the task, the pairs and the split', () => {
    const here = drawItems('task', pairs(30), protocol).test
    expect(drawItems('task', pairs(30), { ...protocol, seed: 42 }).test).not.toEqual(here)
    expect(drawItems('other', pairs(30), protocol).test).not.toEqual(here)
    expect(drawItems('task', pairs(31), protocol).test).not.toEqual(here)
    expect(drawItems('task', pairs(30), protocol).dev).not.toEqual(here.slice(0, 5))
  })

  it('use every input about equally often', () => {
    const { test } = drawItems('task', pairs(10), { ...protocol, testItems: 3000 })
    const counts = new Map<string, number>()
    for (const { query } of test) counts.set(query, (counts.get(query) ?? 0) + 1)
    expect(counts.size).toBe(10)
    for (const count of counts.values()) expect(Math.abs(count - 300)).toBeLessThan(100)
  })

  it('of a list with splits of its own take S and x\u2032 from train, and each query of dev and test in turn', () => {
    const split = (i: number) => (i < 10 ? 'train' : i < 14 ? 'dev' : 'test')
    const own = pairs(20).map((pair, i) => ({ ...pair, split: split(i) }) as const)
    const items = drawItems('task', own, { ...protocol, devItems: 8 })
    const splitOf = (input: string) => own.find((pair) => pair.input === input)?.split
    const splits = (inputs: readonly string[]) => [...new Set(inputs.map(splitOf))]
    for (const of of [items.dev, items.test]) {
      expect(splits(of.flatMap(({ demonstrations }) => demonstrations.map(({ input }) => input)))).toEqual([
        'train',
      ])
      expect(splits(of.flatMap(({ dummyQueries }) => dummyQueries))).toEqual(['train'])
    }
    const queries = (of: readonly Item[]) => of.map(({ query }) => query)
    expect(splits(queries(items.dev))).toEqual(['dev'])
    expect(splits(queries([...items.test, ...items.baseline]))).toEqual(['test'])
    expect(new Set(queries(items.test)).size).toBe(6)
    expect(queries(items.baseline)).toEqual(queries(items.test).slice(0, 4))
    for (const round of [0, 4]) expect(new Set(queries(items.dev).slice(round, round + 4)).size).toBe(4)
    expect(JSON.stringify(items)).not.toContain('split')

    const noDev = own.map((pair) => (pair.split === 'dev' ? { ...pair, split: 'train' as const } : pair))
    for (const { query, demonstrations } of drawItems('task', noDev, protocol).dev) {
      expect(noDev.find(({ input }) => input === query)?.split).toBe('train')
      expect(demonstrations.map(({ input }) => input)).not.toContain(query)
    }
    expect(() => drawItems('task', own.slice(6), protocol)).toThrow(
      '4 pairs of the split "train" are left, but an item needs 5',
    )
    expect(() => drawItems('task', own.slice(0, 14), protocol)).toThrow(
      'no pairs of the split "test" are left',
    )
  })

  it('are the same on every machine and in every version', () => {
    const [item] = drawItems('task', pairs(30), protocol).test
    expect(item).toMatchInlineSnapshot(`
      {
        "accept": [],
        "answer": "y24",
        "demonstrations": [
          {
            "input": "x15",
            "output": "y15",
          },
          {
            "input": "x16",
            "output": "y16",
          },
          {
            "input": "x3",
            "output": "y3",
          },
          {
            "input": "x29",
            "output": "y29",
          },
          {
            "input": "x20",
            "output": "y20",
          },
        ],
        "dummyQueries": [
          "x29",
          "x11",
        ],
        "query": "x24",
      }
    `)
  })

  describe('of paired settings', () => {
    const paired = { demonstrations: 5, dummyQueries: 2, prompts: [] }
    const of = (change: Partial<Protocol>) => drawItems('task', pairs(30), { ...protocol, paired, ...change })

    it('have the same queries, and smaller S within larger ones; one setting draws as it does alone', () => {
      const alone = drawItems('task', pairs(30), protocol)
      expect(of({})).toEqual(alone)
      for (const k of [1, 2, 10]) {
        const { test, baseline } = of({ demonstrations: k })
        expect(baseline).toEqual(alone.baseline)
        test.forEach((item, i) => {
          const { demonstrations, ...rest } = alone.test[i] as Item
          const { demonstrations: own, ...same } = item
          expect(same).toEqual(rest)
          expect(own.slice(0, 5)).toEqual(demonstrations.slice(0, k))
          expect(new Set([...own.map(({ input }) => input), item.query]).size).toBe(k + 1)
        })
      }
      const ten = of({ demonstrations: 10 }).test
      expect(of({ demonstrations: 7 }).test.map(({ demonstrations }) => demonstrations)).toEqual(
        ten.map(({ demonstrations }) => demonstrations.slice(0, 7)),
      )
    })

    it('have the first of the same dummy queries, which are in no S where they may not be', () => {
      const apart = { dummyMayBeDemonstration: false, paired: { ...paired, dummyQueries: 4 } }
      const most = of({ ...apart, dummyQueries: 4, demonstrations: 12 }).test
      const least = of({ ...apart, dummyQueries: 1, demonstrations: 1 }).test
      most.forEach(({ demonstrations, dummyQueries }, i) => {
        expect(least[i]?.dummyQueries).toEqual(dummyQueries.slice(0, 1))
        expect(demonstrations.filter(({ input }) => dummyQueries.includes(input))).toEqual([])
      })
    })
  })

  it('hold the same words with shuffled or random labels, or in another order', () => {
    const plain = drawItems('task', pairs(30), protocol).test
    const inputs = ({ demonstrations }: Item) => demonstrations.map(({ input }) => input)
    const outputs = ({ demonstrations }: Item) => demonstrations.map(({ output }) => output)
    const labels = (rule: 'shuffled' | 'random') =>
      drawItems('task', pairs(30), { ...protocol, demonstrationLabels: rule }).test
    for (const rule of ['shuffled', 'random'] as const) {
      expect(labels(rule)).toEqual(labels(rule))
      expect(labels(rule).map(inputs)).toEqual(plain.map(inputs))
      expect(labels(rule).map(outputs)).not.toEqual(plain.map(outputs))
      expect(labels(rule).map(({ query, answer }) => [query, answer])).toEqual(
        plain.map(({ query, answer }) => [query, answer]),
      )
    }
    expect(labels('shuffled').map((item) => outputs(item).sort())).toEqual(
      plain.map((item) => outputs(item).sort()),
    )
    const ordered = (orderSeed: number) => drawItems('task', pairs(30), { ...protocol, orderSeed }).test
    expect(ordered(1)).not.toEqual(plain)
    expect(ordered(1)).not.toEqual(ordered(2))
    const sorted = (items: readonly Item[]) =>
      items.map((item) => item.demonstrations.map(({ input, output }) => input + output).sort())
    expect(sorted(ordered(1))).toEqual(sorted(plain))
  })

  it('report the numbers if there are too few pairs', () => {
    expect(() => drawItems('tiny', pairs(5), protocol)).toThrow(
      'tiny: 5 pairs are left, but an item needs 6 (5 demonstrations, 1 query, 2 dummy queries)',
    )
    expect(() => drawItems('tiny', pairs(7), { ...protocol, dummyMayBeDemonstration: false })).toThrow(
      'needs 8',
    )
  })
})
