import { describe, expect, it } from 'vitest'
import { recomputedOf, type Begun } from './recomputed.js'

/** Two beginnings of one cell, each by another attempt of the same activity. */
function twice(handed: number, again: number): Begun[] {
  return [
    { work: 'tiny upper dev 1', activity: 'w r 1', handed, at: handed + 5 },
    { work: 'tiny upper dev 1', activity: 'w r 1', handed: again, at: again + 5 },
  ]
}
const completed = new Map([['w r 1', 900]])

describe('a computation that was started again', () => {
  it('is explained by a kill while it was with a worker', () => {
    expect(recomputedOf(twice(100, 500), completed, [{ at: 200, until: 200 }])).toEqual({
      recomputed: 1,
      inFlight: 1,
      unexplained: [],
    })
  })

  it('is not explained by a kill before it was scheduled, after it was started again or after it was completed', () => {
    for (const at of [90, 600, 950]) {
      const { unexplained } = recomputedOf(twice(100, 500), completed, [{ at, until: at }])
      expect(unexplained).toHaveLength(1)
    }
  })

  it('was in flight if the server that had scheduled it was killed, until another server was running', () => {
    expect(recomputedOf(twice(100, 500), completed, [{ at: 97, until: 300 }]).unexplained).toEqual([])
    expect(recomputedOf(twice(310, 500), completed, [{ at: 97, until: 300 }]).unexplained).toEqual([
      'tiny upper dev 1: begun again 408 ms after the kills, first handed out 213 ms after the kills',
    ])
  })
})
