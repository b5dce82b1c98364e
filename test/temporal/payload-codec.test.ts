import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultPayloadConverter } from '@temporalio/common'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncryptingCodec, readKey } from '../../src/temporal/payload-codec.js'

const codec = new EncryptingCodec(Buffer.alloc(32, 1))
const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value)

describe('the encrypting codec', () => {
  it('restores every value, and reveals nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (text) => {
        const secret = { text, more: 'Spain -> Madrid' }
        const [encoded] = await codec.encode([payloadOf(secret)])
        expect(Buffer.from(encoded?.data ?? []).includes('Madrid')).toBe(false)
        expect(Buffer.from(encoded?.metadata?.['encoding'] ?? []).toString()).toBe('binary/taskvec-aes256gcm')
        const [decoded] = await codec.decode([encoded as NonNullable<typeof encoded>])
        expect(defaultPayloadConverter.fromPayload(decoded as NonNullable<typeof decoded>)).toEqual(secret)
      }),
      { numRuns: 50 },
    )
  })

  it('encrypts the same value differently each time', async () => {
    const [a] = await codec.encode([payloadOf('x')])
    const [b] = await codec.encode([payloadOf('x')])
    expect(Buffer.from(a?.data ?? []).equals(Buffer.from(b?.data ?? []))).toBe(false)
  })

  it('refuses a payload of which any byte was altered', async () => {
    const [encoded] = await codec.encode([payloadOf('answer')])
    const data = Buffer.from(encoded?.data ?? [])
    for (let at = 0; at < data.length; at++) {
      const altered = Buffer.from(data)
      altered[at] = (altered[at] as number) ^ 1
      await expect(codec.decode([{ ...encoded, data: altered }])).rejects.toThrow('a payload was altered')
    }
  })

  it('names the key if another one is needed, and leaves unencrypted payloads unchanged', async () => {
    const other = new EncryptingCodec(Buffer.alloc(32, 2))
    await expect(codec.decode(await other.encode([payloadOf('x')]))).rejects.toThrow(
      /encrypted with key [0-9a-f]{16}, but the key here is/,
    )
    expect(await codec.decode([payloadOf('plain')])).toEqual([payloadOf('plain')])
  })
})

describe('a key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-key-'))
  const key = Buffer.from(Array.from({ length: 32 }, (_, i) => 7 * i))
  it.each([
    ['hex', key.toString('hex')],
    ['base64', key.toString('base64')],
  ])('may be %s', (name, text) => {
    const file = join(folder, name)
    writeFileSync(file, `${text}\n`)
    expect(readKey(file)).toEqual(key)
  })

  it.each([
    ['too short', 'abcd'],
    ['of another kind', 'correct horse battery staple correct horse battery staple'],
  ])('that is %s is refused, with how to make one', (name, text) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    expect(() => readKey(file)).toThrow('not a payload key, which is 32 bytes')
  })
})
