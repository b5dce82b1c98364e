import { execa } from 'execa'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { wordLevel } from '../tasks/word-level.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const tasks = (...args: string[]) =>
  execa(process.execPath, [join(projectRoot(), 'bin', 'taskvec.js'), 'tasks', ...args], { reject: false })

it('show ID --json has the fixed shape', async () => {
  const { stdout, exitCode } = await tasks('show', 'knowledge_country_capital', '--json')
  const shown = JSON.parse(stdout) as Record<string, unknown>
  expect(exitCode).toBe(0)
  expect(Object.keys(shown)).toEqual([
    'id',
    'category',
    'scoring',
    'sources',
    'entries',
    'about',
    'date',
    'pairs',
  ])
  expect(shown).toMatchObject({ id: 'knowledge_country_capital', category: 'knowledge', scoring: 'prefix' })
  expect(shown['entries']).toContainEqual({ input: 'France', answer: 'Paris', accept: [] })
})

it('show of a generated task prints a fixed sample, and says that it is one', async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(() => tasks('show', 'algorithmic_list_last', '--json')),
  )
  expect(first?.stderr).toContain('375050 inputs; showing 100, drawn with a fixed seed')
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
  expect(checked.length).toBeGreaterThanOrEqual(16)
  expect(exitCode).toBe(0)
})

it("check of a user's list warns with file and line, and succeeds if the list can be run", async () => {
  const file = join(folder, 'mine.csv')
  writeFileSync(file, 'hot,cold\ncheap,bon marché\n')
  const { stdout, exitCode } = await tasks('check', file)
  expect(stdout).toContain(`warning: ${file}:2: the answer "bon marché" is several words`)
  expect(exitCode).toBe(0)
  expect((await tasks('check', file, '--scoring', 'prefix')).exitCode).toBe(0)
})

it('check names every problem with its line, and counts the pairs that a tokenizer keeps', async () => {
  const file = join(folder, 'twice.csv')
  writeFileSync(file, 'dog,chien\nhot,cold\ndog,chat\nbird,a b\n')
  const tokenizer = join(folder, 'tokenizer.json')
  writeFileSync(tokenizer, JSON.stringify(wordLevel(['dog', 'chien', 'chat', 'hot']).tokenizer))
  const { stdout, exitCode } = await tasks('check', file, '--tokenizer', tokenizer, '--json')
  const [checked] = JSON.parse(stdout) as { problems: string[]; warnings: string[]; tokenizers: object[] }[]
  expect(exitCode).toBe(0)
  expect(checked?.problems).toEqual([])
  expect(checked?.warnings.slice(0, 3)).toEqual([
    expect.stringContaining(`${file}: no header is known: line 1 is the pair "dog" -> "chien"`),
    `${file}:3: "dog" is given twice, as "chien" and as "chat"`,
    `${file}:4: the answer "a b" is several words, but only one token is generated, so it cannot be given`,
  ])
  expect(checked?.tokenizers).toMatchObject([{ writable: 2, leadingSpace: 2, noSpace: 2 }])
})

it('check continues after a blank entry and a broken row, and also reads items line by line', async () => {
  const file = join(folder, 'broken.csv')
  writeFileSync(file, 'hot,\n"big,small\nup,a b\n')
  const { stdout, exitCode } = await tasks('check', file)
  expect(exitCode).toBe(1)
  expect(stdout.split('\n').filter((line) => line.startsWith('error: '))).toEqual([
    `error: ${file}:1: the answer is blank`,
    expect.stringContaining(`error: ${file}:2: not CSV: `),
  ])
  expect(stdout).toContain(`warning: ${file}:3: the answer "a b" is several words`)
  const items = join(folder, 'broken.jsonl')
  writeFileSync(items, '{\n{"split":"baseline","query":"x","answer":"y"}\n[]\n')
  const checked = await tasks('check', items, '--json')
  expect(checked.exitCode).toBe(1)
  expect(JSON.parse(checked.stdout)).toMatchObject({
    items: { baseline: 1, dev: 0, test: 0 },
    problems: [expect.stringContaining(':1: not JSON'), expect.stringContaining(':3: must be a map')],
  })
})

it('check reports why a list cannot be read, and prints no table', async () => {
  const file = join(folder, 'one-column.csv')
  writeFileSync(file, 'hot\ncold\n')
  const { stdout, exitCode } = await tasks('check', file)
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/^error: .*one-column.csv:1: only one column/)
  expect(stdout).not.toContain('─')
})

it('check reads JSON Lines without items as a list, and asks which columns to use if their names are unknown', async () => {
  const lines = join(folder, 'list.jsonl')
  writeFileSync(lines, '{"input":"hot","output":"cold"}\n{"input":"big","output":"small"}\n')
  const [checked] = JSON.parse((await tasks('check', lines, '--json')).stdout) as object[]
  expect(checked).toMatchObject({ pairs: 2, problems: [] })
  const csv = join(folder, 'columns.csv')
  writeFileSync(csv, 'word,translation\nhot,cold\n')
  const asked = await tasks('check', csv)
  expect(asked.stdout).toContain(`error: ${csv}:1: this line may be a header`)
  expect(asked.stdout).toContain('columns: {input: word, answer: translation}')
  expect(asked.exitCode).toBe(1)
  expect((await tasks('check', csv, '--columns', 'word,translation')).exitCode).toBe(0)
})

it('check draws pairs of generated tasks, and counts those that a tokenizer can write', async () => {
  const tokenizer = join(folder, 'letters.json')
  writeFileSync(tokenizer, JSON.stringify(wordLevel(['a', 'b']).tokenizer))
  const { stdout } = await tasks('check', '--tokenizer', tokenizer, '--json')
  const checked = JSON.parse(stdout) as { id: string; warnings: string[] }[]
  const made = checked.find(({ id }) => id === 'algorithmic_list_max')
  expect(made).toMatchObject({ pairs: 1000, drawnFrom: 5850, tokenizers: [{ writable: 0 }] })
  expect(made?.warnings.join()).toContain('algorithmic_list_max: 1000 of 1000 pairs have a word that')
})

it('list shows the further tasks apart from the eighteen', async () => {
  const rows = JSON.parse((await tasks('list', '--json')).stdout) as { id: string; all: boolean }[]
  expect(rows.filter(({ all }) => all)).toHaveLength(18)
  expect(rows.find(({ id }) => id === 'algorithmic_swap_case')).toMatchObject({ all: false, pairs: 52 })
})

it("show gives the head of a list, and a user's own list", async () => {
  const head = await tasks('show', 'linguistic_antonyms', '--head', '3', '--json')
  expect((JSON.parse(head.stdout) as { entries: unknown[] }).entries).toHaveLength(3)
  expect(head.stderr).toContain('linguistic_antonyms: showing the first 3 of')
  const file = join(folder, 'own.csv')
  writeFileSync(file, 'hot,cold,icy\n')
  expect((await tasks('show', '--file', file)).stdout).toContain('hot -> cold  (also icy)')
  expect((await tasks('show')).stderr).toContain('give either a task id or your own list with --file')
})
