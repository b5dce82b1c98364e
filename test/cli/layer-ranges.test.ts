import { expect, it } from 'vitest'
import { rangesOf } from '../../src/cli/layer-ranges.js'

it('writes layers as ranges, whatever their order', () => {
  expect(rangesOf([0, 1, 10, 11, 2, 3])).toBe('0-3,10-11')
  expect(rangesOf([])).toBe('')
})
