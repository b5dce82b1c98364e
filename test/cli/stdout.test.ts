import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { harmless, pump } from '../../src/cli/stdout.js'

it('a slow reader has at most two pieces waiting, and gets all of them in order', async () => {
  let asked = 0
  let most = 0
  const read: string[] = []
  const slow = new Writable({
    highWaterMark: 4,
    decodeStrings: false,
    write(piece: string, _encoding, done) {
      most = Math.max(most, asked - read.length)
      void setImmediate().then(() => {
        read.push(piece)
        done()
      })
    },
  })
  const pieces = Array.from({ length: 50 }, (_, i) => `piece ${i}`)
  function* produced() {
    for (const piece of pieces) {
      asked++
      yield piece
    }
  }
  await pump(produced(), slow)
  slow.end()
  expect(read).toEqual(pieces)
  expect(most).toBeLessThanOrEqual(2)
})

it('control characters for a terminal are escaped piece by piece', async () => {
  const read: string[] = []
  const sink = new Writable({
    decodeStrings: false,
    write(piece: string, _encoding, done) {
      read.push(piece)
      done()
    },
  })
  await pump(['a\u001b[2J', 'b'], sink, harmless)
  expect(read).toEqual(['a\\u{1b}[2J', 'b'])
})
