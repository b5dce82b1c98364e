import { expect, it } from 'vitest'
import { groupedWarnings } from '../../src/report/grouped-warnings.js'

it('names a warning that models have in common once, with the models, in order of first appearance', () => {
  const warnings = [
    { model: 'a', warning: 'few pairs' },
    { model: 'a', warning: 'no template' },
    { model: 'b', warning: 'few pairs' },
  ]
  expect(groupedWarnings(warnings)).toEqual([
    { model: 'a, b', warning: 'few pairs' },
    { model: 'a', warning: 'no template' },
  ])
})

it('counts the models of a warning that more than three have', () => {
  const of = (models: string) => [...models].map((model) => ({ model, warning: 'few pairs' }))
  expect(groupedWarnings(of('abc'))).toEqual([{ model: 'a, b, c', warning: 'few pairs' }])
  expect(groupedWarnings(of('abcd'))).toEqual([{ model: 'a and 3 others', warning: 'few pairs' }])
})
