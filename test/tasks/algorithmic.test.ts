import { describe, expect, it } from 'vitest'
import { randomFor } from '../../src/statistics/random.js'
import { resolveTask } from '../../src/tasks/registry.js'

describe('letter tasks', () => {
  it.each([
    ['algorithmic_next_letter', 25, 'a', 'b', 'y', 'z'],
    ['algorithmic_prev_letter', 25, 'b', 'a', 'z', 'y'],
    ['algorithmic_to_upper', 26, 'a', 'A', 'z', 'Z'],
    ['algorithmic_to_lower', 26, 'A', 'a', 'Z', 'z'],
  ])('%s has %i pairs, %s -> %s first and %s -> %s last', (id, count, x1, y1, x2, y2) => {
    const task = resolveTask({ kind: 'builtin', id })
    if (task.kind !== 'list') throw new Error('not a list')
    expect(task.pairs).toHaveLength(count)
    expect(task.pairs[0]).toEqual({ input: x1, output: y1, accept: [] })
    expect(task.pairs.at(-1)).toEqual({ input: x2, output: y2, accept: [] })
  })
})

describe('list tasks', () => {
  it.each([
    ['algorithmic_list_first', (elements: string[]) => elements[0]],
    ['algorithmic_list_last', (elements: string[]) => elements.at(-1)],
  ])('%s draws 2 to 4 different letters, every length about equally often', (id, answer) => {
    const task = resolveTask({ kind: 'builtin', id })
    if (task.kind !== 'generated') throw new Error('not generated')
    const random = randomFor(id)
    const lengths = new Map<number, number>()
    for (let i = 0; i < 3000; i++) {
      const { input, output } = task.generate(random)
      const elements = input.split(',')
      expect(input).toMatch(/^[a-z](,[a-z]){1,3}$/)
      expect(new Set(elements).size).toBe(elements.length)
      expect(output).toBe(answer(elements))
      lengths.set(elements.length, (lengths.get(elements.length) ?? 0) + 1)
    }
    for (const length of [2, 3, 4]) expect(lengths.get(length)).toBeGreaterThan(850)
    expect(task.size).toBe(26 * 25 + 26 * 25 * 24 + 26 * 25 * 24 * 23)
  })
})
