import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Payload, PayloadCodec } from '@temporalio/common'
import proto from '@temporalio/proto'
import { TaskvecError } from '../domain/errors.js'

const { Payload: Proto } = proto.temporal.api.common.v1
const encoding = 'binary/taskvec-aes256gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/**
 * Encrypts the inputs and results of activities and workflows with AES-256-GCM before they leave this process, so that the
 * Temporal server stores only ciphertext. Names of workflows, activities, queues, sweeps, models and tasks stay readable, since the
 * server needs them. Each payload has the first bytes of its key's hash, so that a wrong key is reported as such.
 */
export class EncryptingCodec implements PayloadCodec {
  readonly #key: Buffer
  readonly #keyId: string

  constructor(key: Buffer) {
    this.#key = key
    this.#keyId = createHash('sha256').update(key).digest('hex').slice(0, 16)
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
      const text = Buffer.concat([cipher.update(Proto.encode(payload).finish()), cipher.final()])
      return {
        metadata: { encoding: Buffer.from(encoding), 'key-id': Buffer.from(this.#keyId) },
        data: Buffer.concat([nonce, cipher.getAuthTag(), text]),
      }
    })
  }

  /** Leaves unencrypted payloads as they are, so that histories from before the key was set can be read. Errors: SERVER. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) =>
      textOf(payload, 'encoding') === encoding ? this.#decrypt(payload) : payload,
    )
  }

  #decrypt(payload: Payload): Payload {
    const keyId = textOf(payload, 'key-id')
    if (keyId !== this.#keyId)
      throw new TaskvecError(
        'SERVER',
        `a payload was encrypted with key ${keyId}, but the key here is ${this.#keyId}`,
        { hint: 'Give every process of the sweep the same key file.' },
      )
    const data = Buffer.from(payload.data ?? [])
    const [nonce, tag, text] = [
      data.subarray(0, nonceBytes),
      data.subarray(nonceBytes, nonceBytes + tagBytes),
      data.subarray(nonceBytes + tagBytes),
    ]
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes })
      decipher.setAuthTag(tag)
      return Proto.decode(Buffer.concat([decipher.update(text), decipher.final()]))
    } catch (cause) {
      throw new TaskvecError('SERVER', 'a payload was altered: its authentication tag does not match', {
        cause,
      })
    }
  }
}

/** A key file: 32 bytes as 64 hexadecimal digits or in base64. Errors: SERVER. */
export function readKey(file: string): Buffer {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new TaskvecError('SERVER', `${file}: the payload key cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (key.length === keyBytes) return key
  throw new TaskvecError(
    'SERVER',
    `${file}: not a payload key, which is ${keyBytes} bytes in hex or base64`,
    {
      hint: `Create one: openssl rand -hex ${keyBytes} > ${file} && chmod 600 ${file}`,
    },
  )
}

function textOf(payload: Payload, name: string): string {
  return Buffer.from(payload.metadata?.[name] ?? []).toString()
}
