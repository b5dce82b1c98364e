import { describe, expect, it } from 'vitest'
import { namedByNearestMean } from '../../src/statistics/nearest-mean.js'

describe('naming labels by the nearest mean', () => {
  it('is right if labels are well separated', () => {
    const vectors = Float32Array.from([0, 0, 0, 1, 1, 0, 9, 9, 9, 8, 8, 9])
    const labels = ['a', 'a', 'a', 'b', 'b', 'b']
    expect(namedByNearestMean(vectors, labels, 2, 5)).toEqual(labels)
  })

  it('does not see the vector that it names: one that is alone on its side is taken for the others', () => {
    // With itself in its mean, the last "b" would be nearer to b's mean (5) than to a's (0).
    const vectors = Float32Array.from([-1, 0, 1, 0, 12, 13, 14, 0.5])
    const labels = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']
    expect(namedByNearestMean(vectors, labels, 1, 4)).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'a'])
  })

  it('is at chance if vectors carry no information', () => {
    const vectors = new Float32Array(8)
    const named = namedByNearestMean(vectors, ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'], 1, 2)
    expect(named).toEqual(Array<string>(8).fill('a'))
  })
})
