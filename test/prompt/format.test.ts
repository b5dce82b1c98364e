import { expect, it } from 'vitest'
import { formatPrompt } from '../../src/prompt/format.js'

it('writes [S, x, ->] line by line and nothing after the last arrow', () => {
  const demonstrations = [
    { input: 'a', output: 'b' },
    { input: ' hot', output: ' cold' },
  ]
  expect(formatPrompt(demonstrations, ' big')).toBe('example:a->b\nexample: hot-> cold\nexample: big->')
})

it('writes [x, ->] without demonstrations', () => {
  expect(formatPrompt([], 'x')).toBe('example:x->')
})
