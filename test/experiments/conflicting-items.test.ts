import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { algorithmicTasks } from '../../src/tasks/algorithmic.js'
import { drawConflicting } from '../../src/experiments/conflicting/conflicting-items.js'

const protocol = { seed: 41, demonstrations: 4, dummyQueries: 2 }

function side(id: string) {
  const task = algorithmicTasks().find((each) => each.id === id)
  if (!task) throw new Error(id)
  return { id, population: task.kind === 'list' ? task.pairs : task }
}

describe('queries of two conflicting tasks', () => {
  it.each([
    ['algorithmic_next_letter', 'algorithmic_to_upper'],
    ['algorithmic_prev_letter', 'algorithmic_next_letter'],
    ['algorithmic_list_last', 'algorithmic_list_first'],
  ])('of %s and %s are inputs of both, in no demonstration, with the answers of each', (a, b) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const items = drawConflicting(side(a), side(b), { ...protocol, seed }, 20)
        expect(items).toHaveLength(20)
        for (const { a: ofA, b: ofB } of items) {
          expect(ofA.query).toBe(ofB.query)
          expect(ofA.answer).not.toBe('')
          expect(ofB.answer).not.toBe(ofA.answer)
          for (const each of [ofA, ofB]) {
            const inputs = each.demonstrations.map(({ input }) => input)
            expect(new Set([...inputs, each.query]).size).toBe(protocol.demonstrations + 1)
          }
          expect(ofA.dummyQueries).toEqual([])
          expect(new Set([...ofB.dummyQueries, ofB.query]).size).toBe(3)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('do not depend on how many are requested', () => {
    const draw = (count: number) =>
      drawConflicting(side('algorithmic_next_letter'), side('algorithmic_to_upper'), protocol, count)
    expect(draw(30).slice(0, 5)).toEqual(draw(5))
  })

  it('are fewer if few draws are common; none is an error that names the tasks', () => {
    const letters = [...'abcdefghij'].map((input) => ({ input, output: '!', accept: [] }))
    const half = { id: 'half', population: letters }
    expect(drawConflicting(side('algorithmic_next_letter'), half, protocol, 1000).length).toBeLessThan(1000)
    expect(() =>
      drawConflicting(side('algorithmic_to_lower'), side('algorithmic_to_upper'), protocol, 5),
    ).toThrow('algorithmic_to_lower and algorithmic_to_upper share no inputs')
  })
})
