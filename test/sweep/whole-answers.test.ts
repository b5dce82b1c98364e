import Database from 'better-sqlite3'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enginesOf, Sandbox, until } from './sandbox.js'

/** Answers of several tokens, judged by a graded score. */
const settings = {
  tasks: ['doubled', 'reversed'].map((id) => ({ id, list: `./${id}.json`, scoring: 'chrf' })),
  answer: { maxTokens: 4, stop: ['Z'] },
  devItems: 12,
  testItems: 12,
  baselineItems: 12,
  layersPerActivity: 1,
}

let sandbox: Sandbox
let undisturbed: Awaited<ReturnType<Sandbox['exported']>>

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  const words = [...'abcdefghijklmnopqrst'].map((x, i) => `${x}${'uvwxyz'[i % 6]}${x}`)
  const list = (name: string, answer: (x: string) => string) =>
    writeFileSync(
      join(sandbox.folder, `${name}.json`),
      JSON.stringify(words.map((input) => ({ input, output: answer(input) }))),
    )
  list('doubled', (x) => x + x)
  list('reversed', (x) => [...x].reverse().join('').toUpperCase())
  const db = join(sandbox.folder, 'undisturbed.db')
  const run = await sandbox.taskvec(['run', sandbox.config('answers', settings)], { db })
  expect(run.stderr).toContain('Complete: 12 cells')
  undisturbed = sandbox.exported(db)
})

afterAll(() => sandbox[Symbol.asyncDispose]())

function cellsIn(db: string): number {
  if (!existsSync(db)) return 0
  const reader = new Database(db, { readonly: true, timeout: 10_000 })
  try {
    return reader.prepare('select count(*) from cells').pluck().get() as number
  } catch {
    return 0 // not made yet
  } finally {
    reader.close()
  }
}

describe('a sweep of whole answers', () => {
  it('ends with the same bytes after kill -9 and resume, each time some cells further', async () => {
    const db = join(sandbox.folder, 'killed.db')
    let args = ['run', sandbox.config('answers', settings)]
    for (const cells of [1, 5, 10]) {
      const run = sandbox.taskvec(args, { db })
      const pid = run.pid as number
      await until(`${cells} cells are stored`, () => cellsIn(db) >= cells)
      process.kill(pid, 'SIGKILL')
      expect((await run).signal).toBe('SIGKILL')
      await until('the engines followed', async () => (await enginesOf(pid)).length === 0)
      args = ['resume']
    }
    const resumed = await sandbox.taskvec(args, { db })
    expect(resumed.stderr).toContain('Complete: 12 cells')
    expect(resumed.exitCode).toBe(0)
    expect(sandbox.exported(db)).toEqual(undisturbed)
    const rows = JSON.parse(undisturbed.predictions) as { tokens: string; score: number }[]
    expect(Math.max(...rows.map(({ tokens }) => (JSON.parse(tokens) as number[]).length))).toBe(4)
    // After each kill the next process waits for what the dead one was doing to be given up.
  }, 600_000)

  it('is merged with one that was stopped half-way, and verified', async () => {
    const half = join(sandbox.folder, 'half.db')
    const run = sandbox.taskvec(['run', sandbox.config('answers', settings)], { db: half })
    await until('some cells are stored', () => cellsIn(half) >= 4)
    process.kill(run.pid as number, 'SIGKILL')
    await run
    const all = join(sandbox.folder, 'merged.db')
    const merged = await sandbox.taskvec(['merge', all, half, join(sandbox.folder, 'undisturbed.db')], {
      db: null,
    })
    expect(merged.stderr + merged.stdout).not.toContain('conflict:')
    expect(merged.exitCode).toBe(0)
    expect(sandbox.exported(all)).toEqual(undisturbed)
    const verified = await sandbox.taskvec(['verify', '--full'], { db: all })
    expect(verified.stdout + verified.stderr).toMatch(/predictions, (\d+) of them bitwise equal/)
    expect(verified.exitCode).toBe(0)
  })
})
