import { describe, expect, it } from 'vitest'
import { resolveLayers } from '../../src/domain/layers.js'

describe('layers of a model with 4 blocks', () => {
  it.each([
    ['all' as const, [0, 1, 2, 3]],
    [
      [3, 0],
      [0, 3],
    ],
    [{ from: 1, to: 3 }, [1, 2, 3]],
    [{ from: 2, to: 2 }, [2]],
  ])('%j are %j', (selection, layers) => {
    expect(resolveLayers(selection, 4, 'tiny')).toEqual(layers)
  })

  it.each([[[1, 4]], [{ from: 2, to: 4 }]])('%j are out of range', (selection) => {
    expect(() => resolveLayers(selection, 4, 'tiny')).toThrow(
      'layer 4 is out of range: tiny has N = 4 blocks, so L is 0..3',
    )
  })
})
