import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Sandbox } from './sandbox.js'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
})
afterAll(() => sandbox[Symbol.asyncDispose]())

const small = { tasks: ['algorithmic_to_upper'], devItems: 2, testItems: 2, baselineItems: 2 }

async function run(
  config: string,
  environment: Record<string, string> = {},
  db = join(sandbox.folder, 'bad.db'),
) {
  const { exitCode, stderr, stdout } = await sandbox.taskvec(['run', config], { db, environment })
  return { exitCode, stderr: String(stderr), stdout: String(stdout) }
}

describe('a config with a mistake is refused before anything is written', () => {
  it.each([
    ['a misspelt key', { ...small, testItem: 3 }, /\.yaml:\d+:\d+: .*"testItem".*did you mean "testItems"/],
    ['a wrong type', { ...small, devItems: 'many' }, /\.yaml:\d+:\d+: devItems/],
    [
      'an unknown task',
      { ...small, tasks: ['algorithmic_to_uper'] },
      /"algorithmic_to_uper".*did you mean "algorithmic_to_upper"/,
    ],
    [
      'an unknown model',
      { ...small, models: ['smollm2-135n'] },
      /"smollm2-135n".*did you mean "smollm2-135m"/,
    ],
    [
      'a model that is not where it is said to be',
      { ...small, models: [{ id: 'x', path: './nowhere' }] },
      /nowhere/,
    ],
  ])('%s', async (_, settings, message) => {
    const { exitCode, stderr, stdout } = await run(sandbox.config('mistaken', settings))
    expect(stderr).toMatch(message)
    expect(stdout).toBe('')
    expect(exitCode).toBe(1)
    expect(existsSync(join(sandbox.folder, 'bad.db'))).toBe(false)
  })
})

describe('weights that cannot be right', () => {
  it.each([
    ['truncated', (file: string) => truncateSync(file, 20_000), /truncated/],
    [
      'with a tensor outside the file',
      (file: string) =>
        rewriteHeader(file, (header) =>
          header.replace(/"data_offsets":\[0,\d+\]/, '"data_offsets":[0,99999999]'),
        ),
      /has \d+ bytes|outside|ends at byte/,
    ],
    [
      'with a tensor of another shape',
      (file: string) =>
        rewriteHeader(file, (header) => header.replace('"shape":[257,32]', '"shape":[32,257]')),
      /expected \[257, 32\]/,
    ],
  ])('%s end the sweep with exit code 3 and the reason, and lose nothing', async (name, spoil, message) => {
    const folder = join(sandbox.folder, `weights-${name.replaceAll(' ', '-')}`)
    cpSync(sandbox.model, folder, { recursive: true })
    spoil(join(folder, 'model.safetensors'))
    const config = sandbox.config('spoilt', {
      ...small,
      models: [
        { id: 'spoilt', path: folder },
        { id: 'tiny', path: './tiny' },
      ],
    })
    const { exitCode, stderr, stdout } = await run(config, {}, join(sandbox.folder, `${name.slice(0, 6)}.db`))
    expect(stderr).toMatch(message)
    expect(stderr).toContain('failed: spoilt algorithmic_to_upper')
    expect(exitCode).toBe(3)
    expect(stdout).toContain('tiny') // the other model's results are there
  })

  it('and layers out of range name the model and its layers', async () => {
    const { exitCode, stderr } = await run(
      sandbox.config('layers', { ...small, layers: [2, 6] }),
      {},
      join(sandbox.folder, 'layers.db'),
    )
    expect(stderr).toContain('layer 6 is out of range: tiny has N = 6 blocks, so L is 0..5')
    expect(exitCode).toBe(3)
  })
})

describe('a server that is not there', () => {
  it('at TEMPORAL_ADDRESS is reported soon', async () => {
    const { exitCode, stderr } = await run(sandbox.config('away', small), { TEMPORAL_ADDRESS: '127.0.0.1:9' })
    expect(stderr).toContain('the Temporal server at 127.0.0.1:9 cannot be reached')
    expect(exitCode).toBe(1)
  })

  it('because its port is in use is reported with the port', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const { exitCode, stderr } = await run(sandbox.config('port', small), {
      TASKVEC_TEMPORAL_PORT: String(port),
      TASKVEC_HOME: join(sandbox.folder, 'home-without-server'),
    })
    taken.close()
    expect(stderr).toContain(`port ${port} for the Temporal server is in use`)
    expect(exitCode).toBe(1)
  })
})

describe('a database that cannot be used', () => {
  it('because it is another program’s is left as it was', async () => {
    const db = join(sandbox.folder, 'foreign.db')
    writeFileSync(db, 'not a database, but somebody’s file')
    const { exitCode, stderr } = await run(sandbox.config('foreign', small), {}, db)
    expect(stderr).toContain('not an SQLite database')
    expect(exitCode).toBe(1)
    expect(readFileSync(db, 'utf8')).toBe('not a database, but somebody’s file')
  })
})

describe('explicit items', () => {
  it('are used exactly as written, spaces included', async () => {
    const item = (split: string, query: string) => ({
      split,
      demonstrations: [{ input: ' a', output: ' b' }],
      query,
      answer: [' x', 'y'],
      dummyQueries: ['  c', 'd'],
    })
    const lines = ['baseline', 'dev', 'test'].map((split, i) => JSON.stringify(item(split, ` q${i} `)))
    writeFileSync(join(sandbox.folder, 'mine.jsonl'), lines.join('\n'))
    const db = join(sandbox.folder, 'items.db')
    const { exitCode } = await run(
      sandbox.config('items', { tasks: [{ id: 'mine', items: './mine.jsonl', scoring: 'prefix' }] }),
      {},
      db,
    )
    expect(exitCode).toBe(0)
    const { predictions } = sandbox.exported(db)
    const rows = JSON.parse(predictions) as { split: string; query: string; answer: string }[]
    expect(rows.filter(({ split }) => split === 'test').map(({ query, answer }) => [query, answer])).toEqual([
      [' q2 ', ' x'],
      [' q2 ', ' x'],
    ])
  })
})

function rewriteHeader(file: string, change: (header: string) => string): void {
  const bytes = readFileSync(file)
  const length = Number(bytes.readBigUInt64LE(0))
  const header = Buffer.from(change(bytes.subarray(8, 8 + length).toString()))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(header.length))
  writeFileSync(file, Buffer.concat([size, header, bytes.subarray(8 + length)]))
}
