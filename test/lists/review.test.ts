import { describe, expect, it } from 'vitest'
import { allLists, furtherLists } from '../../lists/generate/all.js'
import { drawn, draws, readReview, reviewOf } from '../../lists/review/review.js'
import { readWordList } from '../../src/tasks/lists.js'

const all = draws([...allLists(), ...furtherLists()].map(({ task }) => task))

describe.each(all.map((draw) => [draw.task, draw.seed, draw] as const))(
  'review of %s, seed %i',
  (task, _, draw) => {
    it('holds the seeded draw, each entry still as judged or corrected, none without a verdict', () => {
      const review = readReview(draw)
      expect(review).toEqual(reviewOf(draw, readWordList(task)))
      expect(review.length).toBeGreaterThanOrEqual(Math.min(200, readWordList(task).entries.length))
      expect(review.filter(({ verdict }) => verdict === '')).toEqual([])
    })
  },
)

describe('the draw', () => {
  const inputs = Array.from({ length: 500 }, (_, i) => `word ${i}`)

  const draw = { task: 'task', seed: 41 }

  it('does not depend on the order of the list', () => {
    expect(drawn(draw, [...inputs].reverse())).toEqual(drawn(draw, inputs))
  })

  it('replaces a removed entry by the next and moves nothing else', () => {
    const [first = '', ...others] = drawn(draw, inputs)
    const again = drawn(
      draw,
      inputs.filter((input) => input !== first),
    )
    expect(again.slice(0, -1)).toEqual(others)
  })
})

it('a second draw judges entries that the first one has not', () => {
  const twice = all.filter(({ task }) => all.filter((other) => other.task === task).length === 2)
  expect(twice).toHaveLength(8)
  for (const task of new Set(twice.map(({ task }) => task))) {
    const [first, second] = twice.filter((draw) => draw.task === task).map(readReview)
    const judged = new Set(first?.map(({ input }) => input))
    expect(second?.filter(({ input }) => judged.has(input))).toEqual([])
  }
})
