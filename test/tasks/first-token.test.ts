import { expect, it } from 'vitest'
import { beginningsOf, type Coder } from '../../src/tasks/first-token.js'

/** The arrow as one token, then a token a byte; as an engine, it needs its `this`. */
class Bytes implements Coder {
  readonly arrow = 256
  async encode(texts: readonly string[]) {
    return texts.map((text) => [this.arrow, ...Buffer.from(text.slice(2), 'utf8')])
  }
  async decode(tokens: readonly number[]) {
    return tokens.map((token) => (token === this.arrow ? '->' : Buffer.from([token]).toString('utf8')))
  }
}

it('answers of one token, and those that begin within a character, are counted', async () => {
  expect(await beginningsOf(['a', 'cat', '猫', 'é', '\uFFFD'], new Bytes())).toEqual({ whole: 1, partial: 2 })
})
