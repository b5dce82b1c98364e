import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { projectRoot } from '../../../src/system/home.js'
import { readVectors } from '../../../src/vectors/read.js'
import { controlVector } from '../control-vector.js'
import { blockOf } from '../documented.js'
import type { Step } from '../session.js'

const model = 'llama-mini-m'
const few = '--set devItems=4 --set testItems=4 --set baselineItems=4'

/** A list of one's own, of words that the miniatures know. */
function ownList(): string {
  const { entries } = JSON.parse(
    readFileSync(join(projectRoot(), 'lists', 'linguistic', 'antonyms.json'), 'utf8'),
  ) as { entries: string[][] }
  return ['input,answer', ...entries.slice(0, 40).map(([x, y]) => `${x},${y}`)].join('\n')
}

/** README.md and README.zh.md, from top to bottom. */
export const readmeSteps: readonly Step[] = [
  {
    of: 'taskvec models pull smollm2-135m-q4',
    claim: ({ stdout }) => {
      expect(existsSync(stdout.trim())).toBe(true)
    },
  },
  {
    of: 'taskvec predict --model smollm2-135m-q4 --task linguistic_present_simple_past_simple --layer 20 --query write',
    claim: ({ stdout, shown }) => {
      expect(shown).toHaveLength(3)
      expect(stdout.trimEnd().split('\n')).toEqual(shown)
    },
  },
  {
    of: 'taskvec tasks check opposites.csv',
    before: (session) => {
      session.write('opposites.csv', ownList())
    },
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/opposites\.csv +│ 40 /)
      expect(stdout).toMatch(/copying the input +│ always the most common answer/)
      expect(stdout).not.toContain('error')
    },
  },
  {
    of: 'taskvec run mine.yaml --dry-run',
    before: (session) => {
      session.write('mine.yaml', blockOf('README.md', '# mine.yaml'))
      // The same config for those who read Chinese.
      const uncommented = (text: string) => text.replace(/ #.*$/gm, '')
      expect(uncommented(blockOf('README.zh.md', '# mine.yaml'))).toBe(uncommented(session.read('mine.yaml')))
    },
    claim: ({ stdout }, session) => {
      expect(stdout).toContain('6 settings x 1 model x 2 tasks: 216 cells')
      expect(stdout).toMatch(/^(Nothing to fetch|To be fetched: .*MB)/m)
      expect(stdout).toMatch(/^About .* on one core/m)
      expect(existsSync(session.path('.taskvec/taskvec.db'))).toBe(false)
    },
  },
  {
    of: 'taskvec run mine.yaml',
    smaller: `--set models=${model} --set demonstrations=[1,5] --set prompts=arrow ${few}`,
    claim: ({ stdout, stderr }, session) => {
      expect(stderr).toContain('Setting 2 of 2: k = 5')
      expect(stderr.match(/^Complete: 16 cells/gm)).toHaveLength(2)
      expect(stdout).toMatch(/opposites +│/)
      // "Data live in `.taskvec` of the current folder."
      expect(existsSync(session.path('.taskvec/taskvec.db'))).toBe(true)
    },
  },
  {
    of: 'taskvec results mine --by demonstrations',
    claim: ({ stdout }) => {
      const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/))
      const by = rows[0]?.indexOf('demonstrations') ?? -1
      const found = rows.flatMap((row) => (row[0] === model ? [[row[1], row[by]]] : []))
      const tasks = ['knowledge_country_capital', 'opposites']
      expect(found.map(String).sort()).toEqual(tasks.flatMap((task) => [`${task},1`, `${task},5`]))
    },
  },
  {
    of: 'taskvec results',
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/baseline │ hypothesis │ 95 % +│ +1st │ regular │ 95 % +│ +1st │ best L │/)
    },
  },
  {
    of: 'taskvec COMMAND --help',
    instead: () => ({ COMMAND: 'results' }),
    claim: ({ stdout }) => {
      expect(stdout).toContain('Options:')
      expect(stdout).toContain('Examples:')
      // "text, JSON, CSV, Markdown, LaTeX and Parquet": test/report/formats.test.ts reads them.
      expect(stdout.replace(/\s+/g, ' ')).toContain(
        'choices: "table", "json", "csv", "md", "latex", "parquet"',
      )
    },
  },
  {
    of: 'taskvec report',
    claim: ({ stdout }, session) => {
      const [page = ''] = /\S+index\.html/.exec(stdout) ?? []
      const folder = page.replace(/index\.html$/, '')
      const html = readFileSync(page, 'utf8')
      expect(page).toContain(session.path('.taskvec/reports'))
      for (const kind of ['figures', 'tables']) expect(readdirSync(join(folder, kind))).not.toEqual([])
      const opening = html.indexOf('<h1')
      expect(html.slice(opening, html.indexOf('<figure', opening))).toMatch(/θ/)
    },
  },
  {
    of: 'taskvec vectors export mine --out thetas.safetensors',
    claim: (_, session) => {
      const names = readVectors(session.path('thetas.safetensors')).vectors.map(({ name }) => name)
      expect(names.length).toBeGreaterThan(0)
      for (const name of names) expect(name).toMatch(new RegExp(`^${model}/.*/k(1|5)-arrow-s41/L\\d$`))
    },
  },
  {
    of: 'taskvec vectors import control.gguf --name honesty',
    before: (session) => {
      session.write('control.gguf', controlVector(80, [1, 2, 3]))
    },
    claim: async (_, session) => {
      expect(await session.json('taskvec vectors list --json')).toMatchObject({
        library: [{ name: 'honesty', vectors: 3, mode: 'add', source: 'control.gguf' }],
      })
    },
  },
  {
    of: 'taskvec predict --model gemma3-270m-q4 --vector honesty --scale 1.5 --prompt "The earth is"',
    instead: () => ({ 'gemma3-270m-q4': model, 'The earth is': 'example:a->' }),
    claim: ({ stdout }) => {
      expect(stdout).toContain('honesty')
    },
  },
  {
    of: 'taskvec resume',
    claim: ({ stderr }) => {
      expect(stderr).toContain('All settings of the group are complete.')
    },
  },
  {
    of: 'taskvec models list',
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/smollm2-135m-q4 .* Q4_1 98 MB .* Q4_1 98 MB, \S+/)
      expect(stdout).toMatch(/smollm2-135m .* BF16 269 MB/)
      expect(stdout).toMatch(/llama-mini-m .* F16 /)
    },
  },
]
