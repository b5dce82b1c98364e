import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sixDigits } from '../../src/report/cells.js'

describe('six digits', () => {
  it.each([
    [0, '0'],
    [-12, '-12'],
    [0.5, '0.5'],
    [-0.1, '-0.1'],
    [0.999999951, '1'],
    [9.9999995, '10'],
    [-0.000123456789, '-0.000123457'],
    [0.00001234567, '0.0000123457'],
    [1e-9, '1e-9'],
    [123456.7, '123457'],
    [1.25e30, '1.25e+30'],
    [Infinity, 'Infinity'],
  ])('of %d are %s', (value, text) => expect(sixDigits(value)).toBe(text))

  it('are those of the rounded number, written as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (value) => {
        const digits = 5 - Math.floor(Math.log10(Math.abs(value)))
        fc.pre(!Number.isInteger(value) && digits >= 0 && digits <= 22)
        const scale = 10 ** digits
        expect(sixDigits(value)).toBe(String(Math.round(value * scale) / scale))
        // By another route: no further from the value than half a unit of the sixth digit.
        expect(Math.abs(Number(sixDigits(value)) - value)).toBeLessThanOrEqual(0.500001 / scale)
      }),
      { numRuns: 2000 },
    )
  })
})
