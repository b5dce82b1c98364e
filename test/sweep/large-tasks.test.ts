import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeTinyModel } from '../tiny-model.js'
import { Sandbox } from './sandbox.js'

let sandbox: Sandbox
const small = { dummyQueries: 1, devItems: 10, testItems: 10, baselineItems: 10 }

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  makeTinyModel(join(sandbox.folder, 'tiny'), { blocks: 1, dModel: 8 })
})
afterAll(() => sandbox[Symbol.asyncDispose]())

describe('a task too large for one payload', () => {
  it('is computed in parts, with the same bits as in one piece', { timeout: 400_000 }, async () => {
    const tasks = ['algorithmic_to_upper']
    const config = sandbox.config('parts', { ...small, tasks, demonstrations: 1, testItems: 2_100 })
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'])
    expect(stderr).not.toContain('failed:')
    expect(exitCode).toBe(0)
    // Computes each run again as a whole.
    const verified = await sandbox.taskvec(['verify', '--full'])
    expect(verified.stdout + verified.stderr).toMatch(
      /recomputed: 4 of 4 runs .* 4220 predictions, 4220 of them bitwise equal/,
    )
    expect(verified.exitCode).toBe(0)
  })

  it('also if answers have several tokens', { timeout: 400_000 }, async () => {
    const tasks = ['algorithmic_to_upper']
    const answer = { maxTokens: 4 }
    const config = sandbox.config('answers', { ...small, tasks, demonstrations: 1, testItems: 800, answer })
    const db = join(sandbox.folder, 'answers.db')
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'], { db })
    expect(stderr).not.toContain('failed:')
    expect(exitCode).toBe(0)
    const verified = await sandbox.taskvec(['verify', '--full'], { db })
    expect(verified.stdout + verified.stderr).toMatch(
      /recomputed: 4 of 4 runs .* 1620 predictions, 1620 of them bitwise equal/,
    )
    const { predictions } = sandbox.exported(db)
    const rows = JSON.parse(predictions) as { tokens: string; wholeRank: number }[]
    expect(Math.max(...rows.map(({ tokens }) => (JSON.parse(tokens) as number[]).length))).toBe(4)
    expect(Math.min(...rows.map(({ wholeRank }) => wholeRank))).toBeGreaterThanOrEqual(1)
  })

  it('may be a list of more than a payload takes', { timeout: 400_000 }, async () => {
    const word = (i: number) => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('')
    const pairs = Array.from({ length: 30_000 }, (_, i) => ({
      input: word(i),
      output: `${word(i)}${'z'.repeat(40)}`,
    }))
    writeFileSync(join(sandbox.folder, 'long.json'), JSON.stringify(pairs))
    const tasks = [{ id: 'long', list: './long.json', scoring: 'prefix' }]
    const config = sandbox.config('long', { ...small, tasks, demonstrations: 1 })
    const db = join(sandbox.folder, 'long.db')
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'], { db })
    expect(stderr).not.toContain('failed:')
    expect(exitCode).toBe(0)
    const drawn = ['sql', 'select count(*) as pairs from task_pairs', '--json']
    expect(JSON.parse((await sandbox.taskvec(drawn, { db })).stdout)).toEqual([{ pairs: 30_000 }])
    const verified = await sandbox.taskvec(['verify', '--full'], { db })
    expect(verified.exitCode).toBe(0)
  })

  it('is refused at once if a single item is too large', { timeout: 200_000 }, async () => {
    const tasks = ['algorithmic_list_first']
    const config = sandbox.config('refused', { ...small, tasks, demonstrations: 100_000 })
    const db = join(sandbox.folder, 'refused.db')
    const { exitCode, stderr } = await sandbox.taskvec(['run', config, '--no-report'], { db })
    expect(stderr).toMatch(
      /TASK after 1 attempt.*computed together take \d+\.\d MB; a worker can be sent at most 0\.\d MB/,
    )
    expect(stderr).toContain('Lower demonstrations')
    expect(exitCode).toBe(3)
  })
})
