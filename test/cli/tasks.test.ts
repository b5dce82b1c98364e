import { execa } from 'execa'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { projectRoot } from '../../src/config/home.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const tasks = (...args: string[]) =>
  execa(process.execPath, [join(projectRoot(), 'bin', 'taskvec.js'), 'tasks', ...args], { reject: false })

it('show ID --json has the fixed shape', async () => {
  const { stdout, exitCode } = await tasks('show', 'knowledge_country_capital', '--json')
  const shown = JSON.parse(stdout) as Record<string, unknown>
  expect(exitCode).toBe(0)
  expect(Object.keys(shown)).toEqual(['id', 'category', 'scoring', 'sources', 'entries'])
  expect(shown).toMatchObject({ id: 'knowledge_country_capital', category: 'knowledge', scoring: 'prefix' })
  expect(shown['entries']).toContainEqual({ input: 'France', answer: 'Paris', accept: [] })
})

it('show of a task made by code gives a sample, always the same, and says so', async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(() => tasks('show', 'algorithmic_list_last', '--json')),
  )
  expect(first?.stderr).toContain('375050 inputs; 100 drawn by seed are shown')
  expect((JSON.parse(first?.stdout ?? '') as { entries: unknown[] }).entries).toHaveLength(100)
  expect(second?.stdout).toBe(first?.stdout)
})

it('show of an unknown task names the nearest', async () => {
  const { stderr, exitCode } = await tasks('show', 'linguistic_antonym')
  expect(stderr).toContain('unknown task "linguistic_antonym"; did you mean "linguistic_antonyms"?')
  expect(exitCode).toBe(1)
})

it('check finds nothing wrong with the built-in lists', async () => {
  const { stdout, exitCode } = await tasks('check', '--json')
  const checked = JSON.parse(stdout) as { id: string; problems: string[] }[]
  expect(checked.flatMap(({ problems }) => problems)).toEqual([])
  expect(checked.length).toBe(16)
  expect(exitCode).toBe(0)
})

it("check of a user's list names file and line", async () => {
  const file = join(folder, 'mine.csv')
  writeFileSync(file, 'hot,cold\ncheap,bon marché\n')
  const { stdout, exitCode } = await tasks('check', file)
  expect(stdout).toContain(`${file}:2: the answer "bon marché" is several words`)
  expect(exitCode).toBe(1)
  expect((await tasks('check', file, '--scoring', 'prefix')).exitCode).toBe(0)
})
