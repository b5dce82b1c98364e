import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tsToMs } from '@temporalio/common/lib/time.js'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { isAlive } from '../../src/system/process-table.js'
import { connectClient } from '../../src/temporal/connection.js'
import { findServerBinary } from '../../src/temporal/server-binary.js'
import { ensureServer, type RunningServer } from '../../src/temporal/server.js'

let binary: string
beforeAll(async () => {
  binary = (await findServerBinary()).path
})

let home: string
let started: RunningServer[]
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'taskvec-'))
  started = []
  vi.stubEnv('TEMPORAL_CLI_PATH', binary)
  vi.stubEnv('TASKVEC_TEMPORAL_PORT', undefined)
})
afterEach(async () => {
  for (const server of started) await server.stop()
  vi.unstubAllEnvs()
})

async function ensure(): Promise<RunningServer> {
  const server = await ensureServer({ home })
  started.push(server)
  return server
}

/** Another taskvec process on the same home, which says which server it has and stays until told to stop. */
async function otherProcess() {
  const script = `import { ensureServer } from '${projectRoot()}/src/temporal/server.ts'
    const server = await ensureServer({ home: '${home}' })
    console.log(JSON.stringify({ pid: server.pid, source: server.source }))
    process.stdin.once('data', async () => { await server.stop(); process.exit(0) })`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: projectRoot(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, ...(JSON.parse(said.toString()) as { pid: number; source: string }) }
}

/** Listens on the port that a server was told to take, after it was chosen and before the server starts. */
async function takeItsPort<T>(begin: () => Promise<T>) {
  const [told, go] = [join(home, 'told'), join(home, 'go')]
  const slow = join(home, 'slow-temporal')
  writeFileSync(
    slow,
    `#!/bin/sh
    if [ ! -e ${told} ]; then
      echo "$7" > ${told}.new && mv ${told}.new ${told}
      while [ ! -e ${go} ]; do sleep 0.05; done
    fi
    exec ${binary} "$@"`,
    { mode: 0o755 },
  )
  vi.stubEnv('TEMPORAL_CLI_PATH', slow)
  const ended = begin()
  await vi.waitUntil(() => existsSync(told), { timeout: 60_000 })
  const port = Number(readFileSync(told, 'utf8'))
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
  writeFileSync(go, '')
  return { ended, taken, port }
}

describe("taskvec's own Temporal server", () => {
  it('starts, keeps histories for years, and is gone after the last user left', async () => {
    const server = await ensure()
    expect(server.source).toBe('TEMPORAL_CLI_PATH')
    const { connection } = await connectClient(server.settings)
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' })
    await connection.close()
    expect(tsToMs(config?.workflowExecutionRetentionTtl)).toBe(3650 * 86_400_000)
    await server.stop()
    expect(server.alive()).toBe(false)
    expect(existsSync(join(home, 'temporal', 'server.json'))).toBe(false)
    expect(readdirSync(join(home, 'temporal', 'users'))).toEqual([])
  })

  it('is found if its starter was killed before recording it', async () => {
    const other = await otherProcess()
    other.child.kill('SIGKILL')
    await once(other.child, 'exit')
    rmSync(join(home, 'temporal', 'server.json'))
    const mine = await ensure()
    expect(mine).toMatchObject({ pid: other.pid, source: 'adopted from an earlier run' })
  })

  it('is shared by processes, and runs as long as one of them uses it', async () => {
    const mine = await ensure()
    const other = await otherProcess()
    expect(other).toMatchObject({ pid: mine.pid, source: 'shared with another taskvec process' })
    await mine.stop()
    expect(mine.alive()).toBe(true)
    other.child.stdin.write('stop')
    await once(other.child, 'exit')
    expect(mine.alive()).toBe(false)
  })

  it('is adopted if the process that started it was killed', async () => {
    const other = await otherProcess()
    other.child.kill('SIGKILL')
    await once(other.child, 'exit')
    expect(isAlive(other.pid)).toBe(true)
    const mine = await ensure()
    expect(mine).toMatchObject({ pid: other.pid, source: 'adopted from an earlier run' })
    await mine.stop()
    expect(isAlive(other.pid)).toBe(false)
  })

  it('is restarted on the same port after it was killed', async () => {
    const first = await ensure()
    process.kill(first.pid, 'SIGKILL')
    await vi.waitUntil(() => !first.alive(), { timeout: 60_000 })
    const second = await ensure()
    expect(second.pid).not.toBe(first.pid)
    expect(second.settings).toEqual(first.settings)
  })

  it('is started on another port if its own is taken while it starts', async () => {
    const { ended, taken, port } = await takeItsPort(ensure)
    const server = await ended
    expect(server.settings.address).not.toBe(`127.0.0.1:${port}`)
    expect(server.alive()).toBe(true)
    taken.close()
  })

  it('is never confused with another program that now has its pid, and that program is not stopped', async () => {
    const bystander = spawn('sleep', ['60'])
    mkdirSync(join(home, 'temporal'), { recursive: true })
    const record = { pid: bystander.pid, port: 7233, database: join(home, 'temporal', 'server.db') }
    writeFileSync(join(home, 'temporal', 'server.json'), JSON.stringify(record))
    const server = await ensure()
    expect(server.pid).not.toBe(bystander.pid)
    await server.stop()
    expect(isAlive(bystander.pid ?? 0)).toBe(true)
    bystander.kill()
  })

  it('that cannot start says why, and leaves nothing behind', async () => {
    mkdirSync(join(home, 'temporal'), { recursive: true })
    writeFileSync(join(home, 'temporal', 'server.db'), 'not a database '.repeat(1000))
    await expect(ensure()).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringMatching(
        /did not start; .*server\.log ends with:\n[^]*file is not a database/,
      ) as unknown,
      hint: expect.stringContaining('server.db* away') as unknown,
    })
    expect(existsSync(join(home, 'temporal', 'server.json'))).toBe(false)
    expect(readFileSync(join(home, 'temporal', 'server.db'), 'utf8')).toContain('not a database')
  })
})

describe('TASKVEC_TEMPORAL_PORT', () => {
  it('that is in use or not a port is refused by its number', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    for (const value of [String(port), 'abc', '70000']) {
      vi.stubEnv('TASKVEC_TEMPORAL_PORT', value)
      await expect(ensure()).rejects.toMatchObject({
        code: 'SERVER',
        message: `port ${value} for the Temporal server is in use or not allowed`,
      })
    }
    taken.close()
  })

  it('that is taken in the moment of the start is refused by its number too', async () => {
    const free = createServer()
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
    const { port } = free.address() as AddressInfo
    await new Promise((resolve) => free.close(resolve))
    vi.stubEnv('TASKVEC_TEMPORAL_PORT', String(port))
    const { ended, taken } = await takeItsPort(() => ensure().catch((error: unknown) => error))
    expect(await ended).toMatchObject({
      code: 'SERVER',
      message: `port ${port} for the Temporal server is in use or not allowed`,
    })
    taken.close()
  })
})
