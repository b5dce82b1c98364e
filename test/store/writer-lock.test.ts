import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { lockForWriting, lockHolder } from '../../src/store/writer-lock.js'
import { until } from '../sweep/sandbox.js'
import { newDatabase } from './sample.js'

/** Another process that takes the lock, says so, and keeps it. */
async function otherWriter(file: string) {
  const script = `import { lockForWriting } from '${projectRoot()}/src/store/writer-lock.ts'
    import { describeError } from '${projectRoot()}/src/domain/errors.ts'
    const held = await lockForWriting('${file}').catch((error) => (console.log(error.message), null))
    held?.lost.catch((error) => (console.log(describeError(error)), process.exit(1)))
    if (held) console.log('locked')
    process.stdin.on('data', () => held?.release().then(() => process.exit(0)))`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: projectRoot(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(child.stdout, 'data')
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, said: text.trim() }))
  return { child, said: text.trim(), ended }
}

/** As if the holder had not renewed its lock for an hour: what a longer SIGSTOP looks like, without waiting for it. */
function outdate(file: string): void {
  const past = new Date(Date.now() - 3_600_000)
  utimesSync(`${file}.lock`, past, past)
}

describe('the one writer of a database', () => {
  it('excludes every other, reporting its name, until it releases the lock', async () => {
    const file = newDatabase()
    const { release } = await lockForWriting(file)
    expect(lockHolder(file)).toBe(process.pid)
    await expect(lockForWriting(file)).rejects.toMatchObject({
      code: 'STORE',
      message: `${file}: process ${process.pid} is running a sweep with this database`,
    })
    await release()
    expect(lockHolder(file)).toBeNull()
    expect(readdirSync(dirname(file))).toEqual([])
    await (await lockForWriting(file)).release()
  })

  it('is taken over at once if its holder was killed', async () => {
    const file = newDatabase()
    const { child, said } = await otherWriter(file)
    expect(said).toBe('locked')
    await expect(lockForWriting(file)).rejects.toThrow(`process ${child.pid} is running a sweep`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    // Never stale by its age: that its holder is gone must be reason enough.
    const future = new Date(Date.now() + 3_600_000)
    utimesSync(`${file}.lock`, future, future)
    const { release } = await lockForWriting(file)
    expect(lockHolder(file)).toBe(process.pid)
    await release()
  })

  it('is not taken over before it has recorded its name', async () => {
    const file = newDatabase()
    mkdirSync(`${file}.lock`)
    const second = lockForWriting(file)
    setTimeout(() => writeFileSync(`${file}.writer`, String(process.ppid)), 250)
    await expect(second).rejects.toThrow(`process ${process.ppid} is running a sweep`)
    rmSync(`${file}.lock`, { recursive: true })
  })

  it('takes its lock back if another process had it during a suspension and left', async () => {
    const file = newDatabase()
    const { child, ended } = await otherWriter(file)
    child.kill('SIGSTOP')
    outdate(file)
    const other = await lockForWriting(file)
    expect(lockHolder(file)).toBe(process.pid)
    await other.release()
    child.kill('SIGCONT')
    await until('the lock is back', () => lockHolder(file) === child.pid)
    await expect(lockForWriting(file)).rejects.toThrow(`process ${child.pid} is running a sweep`)
    child.stdin.write('release')
    expect(await ended).toEqual({ code: 0, said: 'locked' })
    expect(readdirSync(dirname(file))).toEqual([])
  })

  it('ends with the command to resume if another process took over while it was suspended', async () => {
    const file = newDatabase()
    const { child, ended } = await otherWriter(file)
    child.kill('SIGSTOP')
    outdate(file)
    const other = await lockForWriting(file)
    child.kill('SIGCONT')
    expect(await ended).toEqual({
      code: 1,
      said: `locked
${file}: process ${process.pid} took over the database while this process was suspended (SIGSTOP, or the machine was asleep)
  Stored results are kept. Once it has ended: npx taskvec resume --db ${file}`,
    })
    expect(lockHolder(file)).toBe(process.pid)
    await other.release()
    expect(readdirSync(dirname(file))).toEqual([])
  })
})
