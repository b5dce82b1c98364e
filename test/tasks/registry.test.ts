import { describe, expect, it } from 'vitest'
import { builtinTaskIds, resolveTask } from '../../src/tasks/registry.js'

describe('built-in tasks', () => {
  it('are eighteen, each with its category and scoring rule', () => {
    const tasks = builtinTaskIds.map((id) => resolveTask({ kind: 'builtin', id }))
    expect(tasks.map(({ id }) => id)).toEqual(builtinTaskIds)
    for (const { id, category, scoring } of tasks) {
      expect(id.startsWith(`${category}_`)).toBe(true)
      expect(scoring).toBe(category === 'knowledge' ? 'prefix' : 'exact')
    }
    expect(tasks).toHaveLength(18)
  })

  it('are filtered for one-token answers where docs/protocol.md says so', () => {
    for (const id of builtinTaskIds) {
      const task = resolveTask({ kind: 'builtin', id })
      if (task.kind === 'list')
        expect(task.singleToken, id).toBe(['translation', 'linguistic'].includes(task.category))
    }
  })

  it('can be cut to their most frequent pairs', () => {
    const all = resolveTask({ kind: 'builtin', id: 'linguistic_antonyms' })
    const top = resolveTask({ kind: 'builtin', id: 'linguistic_antonyms', top: 20 })
    if (all.kind !== 'list' || top.kind !== 'list') throw new Error('not lists')
    expect(top.pairs).toEqual(all.pairs.slice(0, 20))
  })

  it.each([
    [{ id: 'linguistic_antonym' }, 'unknown task "linguistic_antonym"; did you mean "linguistic_antonyms"?'],
    [{ id: '../secrets' }, 'unknown task "../secrets"'],
    [{ id: 'algorithmic_to_upper', top: 5 }, 'takes the most frequent words of a list'],
    [{ id: 'linguistic_antonyms', top: 100_000 }, 'top 100000 asked for, but the list has'],
  ])('%j is refused', (spec, message) => {
    expect(() => resolveTask({ kind: 'builtin', ...spec })).toThrow(message)
  })
})
