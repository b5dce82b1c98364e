import { readFileSync } from 'node:fs'
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker'
import { TaskvecError } from '../domain/errors.js'
import { EncryptingCodec, readKey } from './payload-codec.js'

/** How to reach a Temporal server: a local one, an existing cluster, or Temporal Cloud. */
export interface ConnectionSettings {
  readonly address: string
  readonly namespace: string
  readonly apiKey?: string
  readonly tls?: NonNullable<NativeConnectionOptions['tls']>
  /** Encrypts payloads: 32 bytes. */
  readonly payloadKey?: Buffer
}

/** What a worker needs of a connection. */
export interface WorkerConnection {
  readonly connection: NativeConnection
  readonly namespace: string
  readonly dataConverter: DataConverter
}

/** Environment variables; the TEMPORAL_ ones have the names that Temporal's CLI and SDKs read. */
export const connectionVariables = {
  TEMPORAL_ADDRESS: 'HOST:PORT of an existing server; without it, taskvec starts its own',
  TEMPORAL_NAMESPACE: 'its namespace (default: default)',
  TEMPORAL_API_KEY: 'API key (Temporal Cloud); implies TLS',
  TEMPORAL_TLS: 'true: TLS without a client certificate',
  TEMPORAL_TLS_CLIENT_CERT_PATH: 'client certificate, PEM (mutual TLS)',
  TEMPORAL_TLS_CLIENT_KEY_PATH: 'client key, PEM',
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'CA certificate of the server, PEM',
  TEMPORAL_TLS_SERVER_NAME: 'expected name in the server’s certificate, if it differs from the address',
  TASKVEC_PAYLOAD_KEY_FILE: 'a file with 32 bytes in hex or base64: payloads are encrypted with AES-256-GCM',
} as const

/** The same on the command line, overriding the environment. */
export interface ServerOptions {
  readonly address?: string
  readonly namespace?: string
  readonly tls?: boolean
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly tlsServerName?: string
  /** A file, since every user of the machine can read arguments. */
  readonly apiKeyFile?: string
  readonly payloadKeyFile?: string
}

/** gRPC's UNAVAILABLE: the server cannot be reached. */
const unavailable = 14

/** How long the first contact may take, ms. */
const connectTimeout = 10_000

/** Settings of an existing server from options, else from the environment; null if neither names one. Errors: SERVER. */
export function existingServer(options: ServerOptions = {}): ConnectionSettings | null {
  const address = options.address ?? process.env['TEMPORAL_ADDRESS']
  if (!address) return null
  if (!/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(address)) {
    throw new TaskvecError('SERVER', `Temporal address "${address}" is not HOST:PORT`, {
      hint: 'For instance TEMPORAL_ADDRESS=localhost:7233.',
    })
  }
  const apiKey =
    options.apiKeyFile === undefined
      ? process.env['TEMPORAL_API_KEY']
      : read('--api-key-file', options.apiKeyFile).toString().trim()
  const tls = tlsSettings(options, Boolean(apiKey))
  const keyFile = options.payloadKeyFile ?? process.env['TASKVEC_PAYLOAD_KEY_FILE']
  return {
    address,
    namespace: options.namespace ?? process.env['TEMPORAL_NAMESPACE'] ?? 'default',
    ...(apiKey ? { apiKey } : {}),
    ...(tls ? { tls } : {}),
    ...(keyFile ? { payloadKey: readKey(keyFile) } : {}),
  }
}

/** `timeout`: how long the first contact may take, ms. Errors: SERVER. */
export async function connectClient(
  settings: ConnectionSettings,
  timeout = connectTimeout,
): Promise<{ connection: Connection; client: Client }> {
  const connection = await reach(settings, () =>
    Connection.connect({ ...options(settings), connectTimeout: timeout, interceptors: [retries()] }),
  )
  const { namespace } = settings
  return { connection, client: new Client({ connection, namespace, dataConverter: converterOf(settings) }) }
}

/** The SDK's retry policy, but with fewer attempts while the server is unavailable: the default of ten delays the error by some 20 s. */
function retries() {
  const usual = defaultGrpcRetryOptions()
  return makeGrpcRetryInterceptor({
    ...usual,
    retryableDecider: (attempt, status) =>
      usual.retryableDecider(attempt, status) && (attempt < 5 || Number(status.code) !== unavailable),
  })
}

export async function connectWorker(settings: ConnectionSettings): Promise<WorkerConnection> {
  const connection = await reach(settings, () => NativeConnection.connect(options(settings)))
  return { connection, namespace: settings.namespace, dataConverter: converterOf(settings) }
}

function converterOf({ payloadKey }: ConnectionSettings): DataConverter {
  return payloadKey ? { payloadCodecs: [new EncryptingCodec(payloadKey)] } : {}
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
        hint: 'Check that the server is running, and its address, TLS and API key settings. Without TEMPORAL_ADDRESS, taskvec starts its own.',
      },
    )
  } finally {
    clearTimeout(timer)
  }
}

function tlsSettings(options: ServerOptions, implied: boolean): ConnectionSettings['tls'] {
  const certificate = pem('--tls-cert', options.tlsCert, 'TEMPORAL_TLS_CLIENT_CERT_PATH')
  const key = pem('--tls-key', options.tlsKey, 'TEMPORAL_TLS_CLIENT_KEY_PATH')
  const authority = pem('--tls-ca', options.tlsCa, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH')
  const serverName = options.tlsServerName ?? process.env['TEMPORAL_TLS_SERVER_NAME']
  if ((certificate === undefined) !== (key === undefined)) {
    throw new TaskvecError(
      'SERVER',
      'a client certificate needs its key: only one of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH (--tls-cert and --tls-key) is set',
    )
  }
  const asked = options.tls ?? ['true', '1'].includes(process.env['TEMPORAL_TLS'] ?? '')
  if (!implied && !asked && !certificate && !authority && !serverName) return undefined
  return {
    ...(certificate && key ? { clientCertPair: { crt: certificate, key } } : {}),
    ...(authority ? { serverRootCACertificate: authority } : {}),
    ...(serverName ? { serverNameOverride: serverName } : {}),
  }
}

function pem(
  option: string,
  given: string | undefined,
  variable: keyof typeof connectionVariables,
): Buffer | undefined {
  if (given !== undefined) return read(option, given)
  const path = process.env[variable]
  return path ? read(variable, path) : undefined
}

function read(named: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new TaskvecError('SERVER', `${named}: ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
}
