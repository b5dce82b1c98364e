import { describe, expect, it } from 'vitest'
import { allLists, furtherLists } from '../../lists/generate/all.js'
import { factLists } from '../../lists/generate/facts.js'
import { drawn, draws, earlierDraws, readReview, reviewOf } from '../../lists/review/review.js'
import { readWordList } from '../../src/tasks/lists.js'

const all = draws([...allLists(), ...furtherLists(), ...factLists()].map(({ task }) => task))

describe.each(all.map((draw) => [draw.task, draw.seed, draw] as const))(
  'review of %s, seed %i',
  (task, _, draw) => {
    it('holds the seeded draw, each entry still as judged or corrected, none without a verdict', () => {
      const review = readReview(draw)
      expect(review).toEqual(reviewOf(draw, readWordList(task)))
      const judgedBefore = new Set(
        earlierDraws(draw)
          .flatMap(readReview)
          .map(({ input }) => input),
      )
      const left = readWordList(task).entries.filter(([input]) => !judgedBefore.has(input))
      expect(review.length).toBeGreaterThanOrEqual(Math.min(200, left.length))
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

  it('replaces a removed entry with the next and changes nothing else', () => {
    const [first = '', ...others] = drawn(draw, inputs)
    const again = drawn(
      draw,
      inputs.filter((input) => input !== first),
    )
    expect(again.slice(0, -1)).toEqual(others)
  })
})

it('earlier draws are judged completely, and the current draw has none of their entries', () => {
  for (const draw of all) {
    const before = earlierDraws(draw).flatMap(readReview)
    expect(before.filter(({ verdict }) => verdict === '')).toEqual([])
    const judged = new Set(before.map(({ input }) => input))
    expect(readReview(draw).filter(({ input }) => judged.has(input))).toEqual([])
  }
})
