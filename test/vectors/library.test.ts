import { describe, expect, it } from 'vitest'
import type { TaskvecError } from '../../src/domain/errors.js'
import { pickVectors } from '../../src/vectors/library.js'

const names = [
  'tiny/upper/k1-arrow-s41/L3',
  'tiny/upper/k10-arrow-s41/L3',
  'tiny/upper/k10-qa-s41/L3',
  'tiny/upper/k10-arrow-d3-s41/L3',
  'tiny/upper-two/k1-arrow-s41/L3',
]
const vectors = names.map((name) => ({ name, layer: 3, values: Float32Array.of(1) }))
const pick = (reference: string) =>
  pickVectors(reference, () => ({ vectors, metadata: {}, mode: 'replace' })).vectors.map(({ name }) =>
    names.indexOf(name),
  )

describe('FILE#PART', () => {
  it.each([
    ['thetas', [0, 1, 2, 3, 4]],
    ['thetas#tiny', [0, 1, 2, 3, 4]],
    ['thetas#upper', [0, 1, 2, 3]],
    ['thetas#upper/k1-arrow-s41', [0]],
    ['thetas#upper/k1-arrow', [0]],
    ['thetas#k10-arrow', [1, 3]],
    ['thetas#k10', [1, 2, 3]],
    ['thetas#k10-arrow-s41/L3', [1]],
  ])('%s', (reference, picked) => {
    expect(pick(reference)).toEqual(picked)
  })

  it.each(['upp', 'upper/k1-arr', 'k1-arrow/L3'])('%s is refused, with the existing names', (part) => {
    const error = (() => {
      try {
        return pick(`thetas#${part}`)
      } catch (error) {
        return error
      }
    })() as TaskvecError
    expect(error.message).toBe(`thetas: "${part}" is not part of the name of any of its 5 vectors`)
    expect(error.hint).toContain('tiny/upper/k1-arrow-s41/L3')
  })
})
