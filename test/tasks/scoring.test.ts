import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cut, isCorrect } from '../../src/tasks/scoring.js'

describe('what is right', () => {
  it.each([
    // scoring, prediction, answer, accept, right
    ['exact', ' cold', 'cold', [], true],
    ['exact', 'cold', ' cold', [], true],
    ['exact', 'Cold', 'cold', [], false],
    ['exact', 'col', 'cold', [], false],
    ['exact', 'chilly', 'cold', ['chilly'], true],
    ['exact', '', 'cold', [], false],
    ['prefix', 'Par', 'Paris', [], true],
    ['prefix', 'Parisian', 'Paris', [], true],
    ['prefix', ' Paris\t', 'Paris', [], true],
    ['prefix', '', 'Paris', [], false],
    ['prefix', '  ', 'Paris', [], false],
    ['prefix', 'La', 'Sucre', ['La Paz'], true],
    ['prefix', 'par', 'Paris', [], false],
    ['prefix', 'Lyon', 'Paris', [], false],
    ['prefix', 'Lyon', 'Paris', [' '], false],
  ] as const)('%s: "%s" for "%s" (or %j) is %s', (scoring, prediction, answer, accept, right) => {
    expect(isCorrect({ scoring, prediction, answer, accept })).toBe(right)
  })

  it('whatever is right exactly is right by prefix', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.array(fc.string()), (prediction, answer, accept) => {
        const exact = isCorrect({ scoring: 'exact', prediction, answer, accept })
        const prefix = isCorrect({ scoring: 'prefix', prediction, answer, accept })
        expect(prefix || !exact).toBe(true)
      }),
    )
  })
})

it('generated text ends at the first newline, unstripped', () => {
  expect(cut(' cat\nexample')).toBe(' cat')
  expect(cut('\n')).toBe('')
  expect(cut(' cat ')).toBe(' cat ')
})
