import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  connectClient,
  connectionVariables,
  connectWorker,
  existingServer,
} from '../../src/temporal/connection.js'

beforeEach(() => {
  for (const name of Object.keys(connectionVariables)) vi.stubEnv(name, undefined)
})
afterEach(() => vi.unstubAllEnvs())

const pem = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'x.pem')
writeFileSync(pem, 'PEM')

describe('an existing server', () => {
  it('is null if none is named', () => {
    expect(existingServer()).toBeNull()
  })

  it.each<[Record<string, string>, object]>([
    [{}, { address: 'host:7233', namespace: 'default' }],
    [{ TEMPORAL_NAMESPACE: 'n.acct' }, { address: 'host:7233', namespace: 'n.acct' }],
    [{ TEMPORAL_API_KEY: 'key' }, { address: 'host:7233', namespace: 'default', apiKey: 'key', tls: {} }],
    [{ TEMPORAL_TLS: 'true' }, { address: 'host:7233', namespace: 'default', tls: {} }],
    [{ TEMPORAL_TLS: 'false' }, { address: 'host:7233', namespace: 'default' }],
    [
      {
        TEMPORAL_TLS_CLIENT_CERT_PATH: pem,
        TEMPORAL_TLS_CLIENT_KEY_PATH: pem,
        TEMPORAL_TLS_SERVER_NAME: 'server',
      },
      {
        address: 'host:7233',
        namespace: 'default',
        tls: {
          clientCertPair: { crt: Buffer.from('PEM'), key: Buffer.from('PEM') },
          serverNameOverride: 'server',
        },
      },
    ],
    [
      { TEMPORAL_TLS_SERVER_CA_CERT_PATH: pem },
      { address: 'host:7233', namespace: 'default', tls: { serverRootCACertificate: Buffer.from('PEM') } },
    ],
  ])('with %j', (variables, settings) => {
    vi.stubEnv('TEMPORAL_ADDRESS', 'host:7233')
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    expect(existingServer()).toEqual(settings)
  })

  it.each(['localhost', 'http://localhost:7233', 'host:port', ':7233', 'a b:1'])(
    '%j is not an address',
    (address) => {
      expect(() => existingServer({ address })).toThrow(`Temporal address "${address}" is not HOST:PORT`)
    },
  )

  it('with half a client certificate, or a file that is not there, is refused by the name of the variable', () => {
    vi.stubEnv('TEMPORAL_TLS_CLIENT_CERT_PATH', pem)
    expect(() => existingServer({ address: '[::1]:7233' })).toThrow(
      'only one of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH',
    )
    vi.stubEnv('TEMPORAL_TLS_CLIENT_CERT_PATH', '/nowhere.pem')
    expect(() => existingServer({ address: 'host:7233' })).toThrow(
      'TEMPORAL_TLS_CLIENT_CERT_PATH: /nowhere.pem cannot be read',
    )
  })
})

it('a server that cannot be reached is named, with what to check', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(closed.address() as AddressInfo).port}`
  await new Promise((resolve) => closed.close(resolve))
  const settings = { address, namespace: 'default' }
  for (const connect of [connectClient, connectWorker]) {
    await expect(connect(settings)).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringContaining(`the Temporal server at ${address} cannot be reached: `) as unknown,
      hint: expect.stringContaining('Without TEMPORAL_ADDRESS, taskvec starts its own') as unknown,
    })
  }
})
