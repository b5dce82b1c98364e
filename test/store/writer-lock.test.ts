import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { lockForWriting, lockHolder } from '../../src/store/writer-lock.js'
import { newDatabase } from './sample.js'

/** Another process that takes the lock, says so, and keeps it. */
async function otherWriter(file: string) {
  const script = `import { lockForWriting } from '${projectRoot()}/src/store/writer-lock.ts'
    lockForWriting('${file}').then(() => console.log('locked'), (error) => console.log(error.message)); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: projectRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

describe('the one writer of a database', () => {
  it('keeps every other out, by name, until it releases', async () => {
    const file = newDatabase()
    const release = await lockForWriting(file)
    expect(lockHolder(file)).toBe(process.pid)
    await expect(lockForWriting(file)).rejects.toMatchObject({
      code: 'STORE',
      message: `${file}: process ${process.pid} is running a sweep with this database`,
    })
    await release()
    expect(lockHolder(file)).toBeNull()
    expect(readdirSync(dirname(file))).toEqual([])
    await (
      await lockForWriting(file)
    )()
  })

  it('is followed at once where it was killed', async () => {
    const file = newDatabase()
    const { child, said } = await otherWriter(file)
    expect(said).toBe('locked')
    await expect(lockForWriting(file)).rejects.toThrow(`process ${child.pid} is running a sweep`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    // Never stale by its age: that its holder is gone must be reason enough.
    const future = new Date(Date.now() + 3_600_000)
    utimesSync(`${file}.lock`, future, future)
    const release = await lockForWriting(file)
    expect(lockHolder(file)).toBe(process.pid)
    await release()
  })

  it('is not pushed aside in the moment before it has given its name', async () => {
    const file = newDatabase()
    mkdirSync(`${file}.lock`)
    const second = lockForWriting(file)
    setTimeout(() => writeFileSync(`${file}.writer`, String(process.ppid)), 250)
    await expect(second).rejects.toThrow(`process ${process.ppid} is running a sweep`)
    rmSync(`${file}.lock`, { recursive: true })
  })
})
