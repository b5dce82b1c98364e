import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connectClient,
  connectWorker,
  existingServer,
  type ServerOptions,
} from '../../src/temporal/connection.js'
import { ensureServer, type RunningServer } from '../../src/temporal/server.js'
import { Sandbox } from '../sweep/sandbox.js'
import { guard, makeCertificates, opensslIsThere, type Certificates } from './guarded-server.js'

describe.skipIf(!opensslIsThere())('a server behind mutual TLS and an API key', () => {
  let sandbox: Sandbox
  let server: RunningServer
  let certificates: Certificates
  let guarded: Awaited<ReturnType<typeof guard>>
  let options: ServerOptions

  beforeAll(async () => {
    sandbox = await Sandbox.create()
    const folder = join(sandbox.folder, 'certificates')
    mkdirSync(folder)
    certificates = makeCertificates(folder)
    server = await ensureServer({ home: sandbox.home })
    guarded = await guard(server.settings.address, certificates, 'the-key')
    const apiKeyFile = join(sandbox.folder, 'api-key')
    writeFileSync(apiKeyFile, 'the-key\n')
    const { ca, client } = certificates
    options = { address: guarded.address, apiKeyFile, tlsCa: ca, tlsCert: client.cert, tlsKey: client.key }
  })
  afterAll(async () => {
    guarded.close()
    await server.stop()
    await sandbox[Symbol.asyncDispose]()
  })

  it('is reached with certificate and key, by clients and by workers', async () => {
    const settings = existingServer(options) as NonNullable<ReturnType<typeof existingServer>>
    const { connection } = await connectClient(settings)
    await connection.close()
    const worker = await connectWorker(settings)
    await worker.connection.close()
  })

  it.each<[string, (given: ServerOptions) => ServerOptions]>([
    ['without a client certificate', ({ tlsCert: _, tlsKey: __, ...rest }) => rest],
    [
      'with a certificate of another authority',
      (given) => ({ ...given, tlsCert: certificates.stranger.cert, tlsKey: certificates.stranger.key }),
    ],
    ['without trusting the server’s authority', ({ tlsCa: _, ...rest }) => rest],
    [
      'as another server than its certificate says',
      (given) => ({ ...given, tlsServerName: 'elsewhere.example' }),
    ],
    ['without the API key', ({ apiKeyFile: _, ...rest }) => rest],
  ])('is not reached %s', async (_, change) => {
    const settings = existingServer(change(options)) as NonNullable<ReturnType<typeof existingServer>>
    await expect(connectWorker(settings)).rejects.toMatchObject({ code: 'SERVER' })
    await expect(connectClient(settings, 3000)).rejects.toMatchObject({ code: 'SERVER' })
  })

  it('runs a whole sweep, of whose items it stores nothing readable where payloads are encrypted', async () => {
    const key = join(sandbox.folder, 'payload-key')
    writeFileSync(key, Buffer.alloc(32, 5).toString('base64'))
    const config = sandbox.config('guarded', {
      tasks: ['knowledge_country_capital'],
      ...{ devItems: 4, testItems: 4, baselineItems: 4 },
    })
    const args = Object.entries(options).flatMap(([name, value]) => [
      `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ])
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, ...args, '--payload-key-file', key])
    expect(stderr).toContain('Complete: 6 cells')
    expect(exitCode).toBe(0)
    const stored = ['server.db', 'server.db-wal']
      .map((name) => readFileSync(join(sandbox.home, 'temporal', name), 'latin1'))
      .join('')
    expect(stored).toContain('taskvec-model-tiny')
    for (const secret of ['demonstrations', 'Paris', 'Madrid']) expect(stored).not.toContain(secret)
  })
})
