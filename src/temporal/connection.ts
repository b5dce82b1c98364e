import { readFileSync } from 'node:fs'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker'
import { TaskvecError } from '../domain/errors.js'

/** How to reach a Temporal server: a local one, an existing cluster, or Temporal Cloud. */
export interface ConnectionSettings {
  readonly address: string
  readonly namespace: string
  readonly apiKey?: string
  readonly tls?: NonNullable<NativeConnectionOptions['tls']>
}

/** The same names as Temporal's own CLI and SDKs read. */
export const connectionVariables = {
  TEMPORAL_ADDRESS: 'HOST:PORT of an existing server; without it taskvec starts its own',
  TEMPORAL_NAMESPACE: 'namespace there (default: default)',
  TEMPORAL_API_KEY: 'API key (Temporal Cloud); implies TLS',
  TEMPORAL_TLS: 'true: TLS without a client certificate',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'client certificate, PEM (mutual TLS)',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'its key, PEM',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'certificate authority of the server, PEM',
  TEMPORAL_TLS_SERVER_NAME: 'name in the server’s certificate, where it differs from the address',
} as const

/** How long the first contact may take, ms. */
const connectTimeout = 10_000

/** Settings of an existing server from the environment, or from `address`; null: none is named. Errors: SERVER. */
export function existingServer(address = process.env['TEMPORAL_ADDRESS']): ConnectionSettings | null {
  if (!address) return null
  if (!/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(address)) {
    throw new TaskvecError('SERVER', `Temporal address "${address}" is not HOST:PORT`, {
      hint: 'For instance TEMPORAL_ADDRESS=localhost:7233.',
    })
  }
  const apiKey = process.env['TEMPORAL_API_KEY']
  const tls = tlsSettings(apiKey !== undefined)
  return {
    address,
    namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
    ...(apiKey ? { apiKey } : {}),
    ...(tls ? { tls } : {}),
  }
}

/** `timeout` in ms: how long the first contact may take. Errors: SERVER. */
export async function connectClient(
  settings: ConnectionSettings,
  timeout = connectTimeout,
): Promise<{ connection: Connection; client: Client }> {
  const connection = await reach(settings, () =>
    Connection.connect({ ...options(settings), connectTimeout: timeout }),
  )
  return { connection, client: new Client({ connection, namespace: settings.namespace }) }
}

export async function connectWorker(settings: ConnectionSettings): Promise<NativeConnection> {
  return reach(settings, () => NativeConnection.connect(options(settings)))
}

function options({ address, apiKey, tls }: ConnectionSettings) {
  return { address, ...(apiKey ? { apiKey } : {}), ...(tls ? { tls } : {}) }
}

async function reach<T>({ address }: ConnectionSettings, connect: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${connectTimeout / 1000} s`)),
      connectTimeout + 1000,
    )
  })
  try {
    return await Promise.race([connect(), late])
  } catch (cause) {
    throw new TaskvecError(
      'SERVER',
      `the Temporal server at ${address} cannot be reached: ${(cause as Error).message}`,
      {
        cause,
        hint: 'Check the address, that the server runs, and its TLS and API key settings; without TEMPORAL_ADDRESS taskvec starts its own.',
      },
    )
  } finally {
    clearTimeout(timer)
  }
}

function tlsSettings(implied: boolean): ConnectionSettings['tls'] {
  const certificate = pem('TEMPORAL_TLS_CLIENT_CERT_PATH')
  const key = pem('TEMPORAL_TLS_CLIENT_KEY_PATH')
  const authority = pem('TEMPORAL_TLS_SERVER_CA_CERT_PATH')
  const serverName = process.env['TEMPORAL_TLS_SERVER_NAME']
  if ((certificate === undefined) !== (key === undefined)) {
    throw new TaskvecError(
      'SERVER',
      'a client certificate needs its key: only one of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH is set',
    )
  }
  const asked = process.env['TEMPORAL_TLS'] === 'true' || process.env['TEMPORAL_TLS'] === '1'
  if (!implied && !asked && !certificate && !authority && !serverName) return undefined
  return {
    ...(certificate && key ? { clientCertPair: { crt: certificate, key } } : {}),
    ...(authority ? { serverRootCACertificate: authority } : {}),
    ...(serverName ? { serverNameOverride: serverName } : {}),
  }
}

function pem(variable: keyof typeof connectionVariables): Buffer | undefined {
  const path = process.env[variable]
  if (!path) return undefined
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new TaskvecError('SERVER', `${variable}: ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
}
