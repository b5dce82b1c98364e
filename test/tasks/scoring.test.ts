import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cut,
  graded,
  isCorrect,
  parseRule,
  readScoring,
  scoreOf,
  scoringFor,
  wholeCharacters,
} from '../../src/tasks/scoring.js'

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
    // docs/datasets.md
    ['contains', 'It is the Eiffel Tower.', 'the Eiffel Tower', [], true],
    ['contains', 'Eiffel Tower', 'the Eiffel Tower', [], false],
    ['contains', 'The Louvre', 'Tower', ['Louvre'], true],
    ['contains', 'anything', 'Tower', [' '], false],
    ['normalised', 'Eiffel tower.', 'the Eiffel Tower', [], true],
    ['normalised', 'L’École', "l'ecole", [], true],
    ['normalised', 'がく', 'かく', [], false],
    ['normalised', 'Eiffel', 'the Eiffel Tower', [], false],
    ['f1', 'Eiffel', 'the Eiffel Tower', [], true],
    ['f1 0.8', 'Eiffel', 'the Eiffel Tower', [], false],
    ['f1', 'Tower of London', 'the Eiffel Tower', [], false],
    ['chrf', 'the Eiffel Towers', 'the Eiffel Tower', [], true],
    ['chrf', 'tour Eiffel', 'the Eiffel Tower', [], false],
    ['regex is (.+)\\.', 'It is the Eiffel Tower.', 'the Eiffel Tower', [], true],
    ['regex is (.+)\\.', 'the Eiffel Tower', 'the Eiffel Tower', [], false],
    ['regex \\d+', 'about 42 or 43', '42', [], true],
  ] as const)('%s: "%s" for "%s" (or %j) is %s', (scoring, prediction, answer, accept, right) => {
    expect(isCorrect({ scoring, prediction, answer, accept })).toBe(right)
  })

  it.each([
    ['f1', 'Eiffel', 2 / 3],
    ['f1', 'Tower of London', 0.4],
    // sacrebleu.sentence_chrf(text, ['the Eiffel Tower']).score / 100
    ['chrf', 'the Eiffel Towers', 0.98255],
    ['chrf', 'tour Eiffel', 0.34727],
    ['chrf 0.9', 'Paris', 0.03279],
  ] as const)('%s gives "%s" a score', (scoring, prediction, score) => {
    const judged = { scoring, prediction, answer: 'the Eiffel Tower', accept: [] }
    expect(scoreOf(judged)).toBeCloseTo(score, 4)
  })

  it('an expression that takes exponential time is an error, not a hang', () => {
    const judged = {
      scoring: 'regex ^(a+)+$' as const,
      prediction: `${'a'.repeat(40)}b`,
      answer: 'a',
      accept: [],
    }
    expect(() => isCorrect(judged)).toThrow(/takes over 1 s/)
  })

  it.each([
    ['f1 0.8', true],
    ['f1 2', false],
    ['f1 x', false],
    ['regex (', false],
    ['regex a', true],
    ['levenshtein', false],
  ])('"%s" is a rule: %s', (text, is) => {
    expect(parseRule(text) !== null).toBe(is)
  })

  it('of whole answers is one text, parsed back to what it was made from', () => {
    const answer = { maxTokens: 8, stop: ['\n', 'Q:'] }
    expect(readScoring(scoringFor('f1 0.8', answer))).toEqual({ rule: 'f1 0.8', answer })
    expect(scoringFor('exact', undefined)).toBe('exact')
    expect(readScoring('exact')).toEqual({ rule: 'exact' })
    expect(graded('f1 0.8')).toEqual({ measure: 'f1', threshold: 0.8 })
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

it('generated text ends where the first stop text begins, without a partial character', () => {
  expect(cut('Paris. Q: and', ['\n', 'Q:'])).toBe('Paris. ')
  expect(cut('Paris\n', [])).toBe('Paris\n')
  expect(wholeCharacters('猫\uFFFD')).toBe('猫')
  expect(wholeCharacters('\uFFFD猫')).toBe('\uFFFD猫')
})
