import { describe, expect, it } from 'vitest'
import { allLists } from '../../configs/generate/all.js'
import { drawn, readReview, reviewOf } from '../../configs/review/review.js'
import { readWordList } from '../../src/tasks/lists.js'

describe.each(allLists().map(({ task }) => [task] as const))('review of %s', (task) => {
  it('holds the seeded draw, each entry still as judged or corrected, none without a verdict', () => {
    const review = readReview(task)
    expect(review).toEqual(reviewOf(readWordList(task)))
    expect(review.length).toBeGreaterThanOrEqual(Math.min(200, readWordList(task).entries.length))
    expect(review.filter(({ verdict }) => verdict === '')).toEqual([])
  })
})

describe('the draw', () => {
  const inputs = Array.from({ length: 500 }, (_, i) => `word ${i}`)

  it('does not depend on the order of the list', () => {
    expect(drawn('task', [...inputs].reverse())).toEqual(drawn('task', inputs))
  })

  it('replaces a removed entry by the next and moves nothing else', () => {
    const [first = '', ...others] = drawn('task', inputs)
    const again = drawn(
      'task',
      inputs.filter((input) => input !== first),
    )
    expect(again.slice(0, -1)).toEqual(others)
  })
})
