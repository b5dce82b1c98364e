import { expect, it } from 'vitest'
import { shellWord } from '../../src/domain/shell-word.js'

it.each([
  ['study/öl_2.db', 'study/öl_2.db'],
  ['my study.db', `'my study.db'`],
  ["it's.db", `'it'\\''s.db'`],
  ['~/a.db', `'~/a.db'`],
  ['$HOME;rm', `'$HOME;rm'`],
  ['', `''`],
])('%j is given to a shell as %s', (text, word) => {
  expect(shellWord(text)).toBe(word)
})
