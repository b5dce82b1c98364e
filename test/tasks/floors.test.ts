import { expect, it } from 'vitest'
import { firstTokenShare, floorsOf } from '../../src/tasks/floors.js'

const pair = (input: string, output: string, ...accept: string[]) => ({ input, output, accept })
const pairs = [
  pair('Mexico', 'Mexico City'),
  pair('France', 'Paris'),
  pair('Texas', 'Paris'),
  pair('Oslo', 'Bergen', 'Paris'),
]
/** Three letters a token, the space with the first ones. */
const encoder = {
  encode: async (texts: readonly string[]) =>
    texts.map((text) =>
      (text.match(/ ?.{1,3}/g) ?? []).map((part) =>
        [...part].reduce((sum, letter) => sum * 1000 + (letter.codePointAt(0) ?? 0), 0),
      ),
    ),
}

it('a copier and a majority guesser are right as often as the scoring rule lets them', () => {
  expect(floorsOf(pairs, 'prefix', 'Paris')).toEqual({ copier: 0.25, majority: 0.75 })
  expect(floorsOf(pairs, 'exact', 'Paris')).toEqual({ copier: 0, majority: 0.75 })
})

it('the first token alone is right by the prefix rule, and by the exact one if it is the whole answer', async () => {
  expect(await firstTokenShare(pairs, 'prefix', encoder)).toBe(1)
  expect(await firstTokenShare(pairs, 'exact', encoder)).toBe(0)
  expect(await firstTokenShare([...pairs, pair('a', 'one')], 'exact', encoder)).toBe(0.2)
})
