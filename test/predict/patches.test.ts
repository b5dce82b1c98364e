import { expect, it } from 'vitest'
import { waysToPatch } from '../../src/predict/patches.js'

it('names the vectors of a layer that are several, and no others', () => {
  const vectors = ['upper/L0', 'upper/L1', 'lower/L0', 'lower/L1'].map((name) => ({
    name,
    layer: Number(name.at(-1)),
    values: Float32Array.of(1),
  }))
  const given = { vector: 'thetas', scale: 1, positions: 'last' } as const
  const ways = (layer?: number) =>
    waysToPatch([{ ...given, layer }], [0], { blocks: 2, dModel: 1 }, () => ({
      ...{ label: 'thetas', mode: 'replace', metadata: {}, vectors },
    }))
  expect(() => ways()).toThrow('thetas has several vectors of layer 0: upper/L0, lower/L0')
  expect(() => ways(1)).toThrow('thetas has 2 vectors of layer 1: upper/L1, lower/L1')
})
