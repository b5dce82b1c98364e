import { describe, expect, it } from 'vitest'
import type { Pair, ScoringRule } from '../../src/domain/types.js'
import { checkList, sharedInputs } from '../../src/tasks/check-list.js'

const pair = (input: string, output: string, ...accept: string[]): Pair => ({ input, output, accept })
const good = Array.from({ length: 40 }, (_, i) => pair(`x${i}`, `y${i}`))

describe('a list', () => {
  const cases: [string, Pair[], ScoringRule, string][] = [
    ['not NFC', [pair('e\u0301', 'y')], 'exact', `"e\u0301" is not in Unicode's composed form`],
    ['blank', [pair('a', '')], 'exact', '"" is blank'],
    ['spaces', [pair('a ', 'y')], 'exact', '"a " is blank or has spaces around it'],
    ['the format', [pair('a->', 'y')], 'exact', "a part of the prompt's format"],
    ['words', [pair('a', 'b c')], 'exact', 'the answer "b c" is several words'],
    ['an answer twice', [pair('a', 'b', 'b')], 'exact', 'an answer of "a" is given twice'],
    ['a pair twice', [pair('a', 'b'), pair('a', 'b')], 'exact', '"a" -> "b" is given twice'],
    ['an input twice', [pair('a', 'b'), pair('a', 'c')], 'exact', '"a" is given twice, as "b" and as "c"'],
    ['copies', [1, 2, 3].map((i) => pair(`c${i}`, `c${i}`)), 'exact', '3 of 43 answers are copies'],
    [
      'copies by prefix',
      [1, 2, 3].map((i) => pair(`c${i}`, `c${i} d`)),
      'prefix',
      '3 of 43 answers are copies',
    ],
  ]
  it.each(cases)('with %s is wrong, and the pair is named', (_, wrong, scoring, text) => {
    const { problems } = checkList([...good, ...wrong], scoring)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.text).toContain(text)
    const whole = text.includes('copies')
    expect(problems[0]?.pair).toBe(whole ? null : good.length + wrong.length - 1)
  })

  it('without such things has neither problems nor warnings', () => {
    expect(checkList(good, 'exact')).toMatchObject({ problems: [], warnings: [] })
  })

  it('reports an answer that begins its input by accident, but not if that is the rule', () => {
    const accident = checkList([...good, pair('carpet', 'car')], 'exact')
    expect(accident.problems).toEqual([])
    expect(accident.warnings).toEqual([
      { pair: 40, text: 'the answer "car" is the beginning of its input "carpet"' },
    ])
    expect(
      checkList(
        good.map(({ input }) => pair(`${input}s`, input)),
        'exact',
      ).warnings,
    ).toEqual([])
  })

  it('is checked against the requested size and the largest share of one answer', () => {
    const list = [...good, pair('a', 'y0'), pair('b', 'y0')]
    expect(checkList(list, 'exact', { pairs: 42, share: 3 / 42 })).toMatchObject({
      problems: [],
      warnings: [],
    })
    const { problems, warnings, majority } = checkList(list, 'exact', { pairs: 43, share: 0.05 })
    expect(majority).toEqual({ answer: 'y0', share: 3 / 42 })
    expect(problems.map(({ text }) => text)).toEqual(['7.1% of the answers are "y0"; at most 5.0% may be'])
    expect(warnings.map(({ text }) => text)).toEqual(['42 pairs; the aim is at least 43'])
  })
})

it('inputs that another list has with an answer not accepted here are counted', () => {
  const list = [pair('go', 'going'), pair('see', 'seeing'), pair('be', 'being', 'was')]
  expect(sharedInputs(list, [[pair('go', 'went'), pair('be', 'was')], [pair('see', 'seeing')]])).toBe(1)
})
