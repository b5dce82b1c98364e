import { describe, expect, it } from 'vitest'
import type { Pair } from '../../src/domain/types.js'
import { randomFor } from '../../src/statistics/random.js'
import { builtinTaskIds, furtherIds, resolveTask } from '../../src/tasks/registry.js'

function pairsOf(id: string): readonly Pair[] {
  const task = resolveTask({ kind: 'builtin', id })
  if (task.kind === 'list') return task.pairs
  if (task.kind !== 'generated') throw new Error('explicit items')
  const random = randomFor(id)
  return Array.from({ length: 300 }, () => task.generate(random))
}

const answers = (id: string) => new Map(pairsOf(id).map(({ input, output }) => [input, output]))

describe('further tasks', () => {
  it('are none of the eighteen, and each can be resolved', () => {
    for (const id of furtherIds()) {
      expect(builtinTaskIds).not.toContain(id)
      expect(resolveTask({ kind: 'builtin', id }).id).toBe(id)
      for (const { input, output } of pairsOf(id)) {
        expect(input, id).not.toBe('')
        expect(output, id).not.toBe('')
      }
    }
  })

  it.each([
    ['algorithmic_char_to_int', 9, { a: '1', i: '9' }],
    ['algorithmic_int_to_char', 9, { 1: 'a', 9: 'i' }],
    ['algorithmic_next_digit', 9, { 0: '1', 8: '9' }],
    ['algorithmic_prev_digit', 9, { 1: '0', 9: '8' }],
    ['algorithmic_next_roman_numeral', 38, { III: 'IV', IX: 'X', XIX: 'XX', XXXVIII: 'XXXIX' }],
    ['algorithmic_prev_roman_numeral', 38, { II: 'I', XL: undefined, XXX: 'XXIX' }],
    ['algorithmic_next_month', 11, { January: 'February', November: 'December' }],
    ['algorithmic_prev_month', 11, { January: undefined, December: 'November' }],
    ['algorithmic_swap_case', 52, { a: 'A', A: 'a', z: 'Z' }],
    ['translation_en_it', undefined, { dog: 'cane', city: 'città', Monday: 'lunedì' }],
    ['translation_it_en', undefined, { cane: 'dog', città: 'city', perché: 'because' }],
    ['linguistic_singular_plural', undefined, { goose: 'geese', child: 'children' }],
    ['linguistic_present_simple_past_perfect', undefined, { go: 'gone', write: 'written' }],
  ])('%s', (id, count, expected) => {
    const found = answers(id)
    if (count !== undefined) expect(found.size).toBe(count)
    for (const [input, output] of Object.entries(expected)) expect(found.get(input), input).toBe(output)
  })

  it.each([
    ['algorithmic_list_min', /^\d(,\d){1,3}$/, (x: string[]) => String(Math.min(...x.map(Number)))],
    ['algorithmic_list_max', /^\d(,\d){1,3}$/, (x: string[]) => String(Math.max(...x.map(Number)))],
    ['algorithmic_list_length', /^[a-z](,[a-z]){0,2}$/, (x: string[]) => String(x.length)],
    ['algorithmic_choose_middle', /^[a-z](,[a-z]){2}$/, (x: string[]) => x[1]],
    ['algorithmic_capitalize_first_letter', /^[a-z]{3,}$/, ([x]: string[]) => x?.charAt(0).toUpperCase()],
    ['algorithmic_capitalize_last_letter', /^[a-z]{3,}$/, ([x]: string[]) => x?.toUpperCase().at(-1)],
    ['algorithmic_word_length', /^[a-z]{3,}$/, ([x]: string[]) => String([...(x ?? '')].length)],
    [
      'algorithmic_capitalize_word',
      /^[a-z]{3,}$/,
      ([x]: string[]) => x?.replace(/^./, (y) => y.toUpperCase()),
    ],
    ['algorithmic_choose_first_of_5', /^[a-z](,[a-z]){4}$/, (x: string[]) => x[0]],
    ['algorithmic_choose_middle_of_5', /^[a-z](,[a-z]){4}$/, (x: string[]) => x[2]],
    ['algorithmic_choose_last_of_5', /^[a-z](,[a-z]){4}$/, (x: string[]) => x[4]],
    [
      'algorithmic_alphabetically_first_3',
      /^[a-z](,[a-z]){2}$/,
      (x: string[]) => x.reduce((a, b) => (a < b ? a : b)),
    ],
    [
      'algorithmic_alphabetically_first_5',
      /^[a-z](,[a-z]){4}$/,
      (x: string[]) => x.reduce((a, b) => (a < b ? a : b)),
    ],
    [
      'algorithmic_alphabetically_last_3',
      /^[a-z](,[a-z]){2}$/,
      (x: string[]) => x.reduce((a, b) => (a > b ? a : b)),
    ],
    [
      'algorithmic_alphabetically_last_5',
      /^[a-z](,[a-z]){4}$/,
      (x: string[]) => x.reduce((a, b) => (a > b ? a : b)),
    ],
  ])('%s', (id, shape, answer) => {
    for (const { input, output } of pairsOf(id)) {
      expect(input).toMatch(shape)
      expect(output).toBe(answer(input.split(',')))
    }
  })

  it('a bijection undoes itself', () => {
    const swapped = answers('algorithmic_swap_case')
    for (const [input, output] of swapped) expect(swapped.get(output)).toBe(input)
  })

  it('the bijection of countries and capitals has no input twice, and goes both ways', () => {
    const pairs = pairsOf('bijection_country_capital')
    const found = answers('bijection_country_capital')
    expect(found.size).toBe(pairs.length)
    expect([found.get('France'), found.get('Paris')]).toEqual(['Paris', 'France'])
    for (const { input, output } of pairs) expect([input, output]).toContain(found.get(output))
  })
})
