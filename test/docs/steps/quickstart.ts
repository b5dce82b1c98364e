import { existsSync, readFileSync } from 'node:fs'
import { parquetReadObjects } from 'hyparquet'
import { expect } from 'vitest'
import { readVectors } from '../../../src/vectors/read.js'
import { blockOf } from '../documented.js'
import type { Session, Step } from '../session.js'

const model = 'llama-mini-m'
const tasks = ['algorithmic_to_upper', 'algorithmic_next_letter']
const namesIn = (session: Session, file: string) =>
  readVectors(session.path(file)).vectors.map(({ name }) => name)
const thisModel = { 'taskvec predict': `taskvec predict --model ${model}` }

/** docs/installing.md, docs/python.md and docs/vectors.md, on a quickstart of one model and two tasks. */
export const quickstartSteps: readonly Step[] = [
  {
    of: 'taskvec run quickstart',
    smaller: [
      `--set models=${model} --set tasks=[${tasks.join()}]`,
      '--set devItems=6 --set testItems=6 --set baselineItems=6',
      `--set 'experiments=[{robustness: {thetas: 3, devItems: 2}}, {conflicting: {items: 3, pairs: [[${tasks.join()}]]}}]'`,
    ].join(' '),
    claim: ({ stderr, stdout }, session) => {
      expect(stderr).toContain('Complete: 16 cells')
      expect(stdout).toContain(`${model} (F16)`)
      for (const name of ['taskvec.db', 'reports', 'temporal'])
        expect(existsSync(session.path(`.taskvec/${name}`)), name).toBe(true)
    },
  },
  {
    of: 'taskvec results quickstart --table predictions --format parquet --out predictions.parquet',
    claim: async (_, session) => {
      const { buffer, byteOffset, byteLength } = readFileSync(session.path('predictions.parquet'))
      const rows = await parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) })
      // The columns that DuckDB's query names, and those of pandas' queries.
      const columns = ['task', 'kind', 'layer', 'correct']
      expect(Object.keys(rows[0] ?? {})).toEqual(expect.arrayContaining(columns))
      const queries = [...readFileSync('docs/python.md', 'utf8').matchAll(/read_sql\("([^"]+)"/g)]
      expect(queries).toHaveLength(3)
      for (const [, query = ''] of queries)
        expect(await session.json(`taskvec sql "${query}" --json`)).not.toEqual([])
    },
  },
  {
    of: `taskvec vectors export quickstart --model ${model} --task algorithmic_to_upper --per-item --out thetas.safetensors`,
    claim: (_, session) => {
      const { vectors, metadata } = readVectors(session.path('thetas.safetensors'))
      expect(vectors).toHaveLength(6)
      const [, named = ''] = /# (llama-mini-m\/\S+)/.exec(readFileSync('docs/python.md', 'utf8')) ?? []
      const name = vectors[0]?.name ?? ''
      expect(name.replace(/L\d/, 'L1')).toBe(named)
      const about = JSON.parse(metadata[name] ?? '{}') as Record<string, string>
      expect(about['prompt_query']).toBe('example:{x}->')
      expect(name).toContain(`/L${about['layer']}/`)
    },
  },
  {
    of: 'taskvec vectors list',
    claim: ({ stdout }) => {
      for (const task of tasks)
        expect(stdout).toMatch(new RegExp(`${model} │ ${task} .* k5-arrow-s41 │ main`))
    },
  },
  {
    of: 'taskvec vectors export --out thetas.safetensors',
    claim: (_, session) => {
      const found = namesIn(session, 'thetas.safetensors').map((name) => name.replace(/\d+$/, ''))
      expect(found.sort()).toEqual(tasks.map((task) => `${model}/${task}/k5-arrow-s41/L`).sort())
    },
  },
  {
    of: 'taskvec vectors export quickstart --layers all --format npy --out thetas',
    claim: (_, session) => {
      const { vectors } = JSON.parse(session.read('thetas/manifest.json')) as { vectors: { file: string }[] }
      expect(vectors).toHaveLength(2 * 8)
      for (const { file } of vectors) expect(existsSync(session.path(`thetas/${file}`))).toBe(true)
    },
  },
  {
    of: 'taskvec vectors export --per-item --layers 10-12 --out items.safetensors',
    instead: () => ({ '10-12': '1-3' }),
    claim: (_, session) => {
      const names = namesIn(session, 'items.safetensors')
      expect(names).toHaveLength(2 * 3 * 6)
      for (const name of names) expect(name).toMatch(/\/L[123]\/item[0-5]$/)
    },
  },
  {
    of: 'taskvec vectors export --experiment robustness --per-item --out robust.safetensors',
    claim: (_, session) => {
      expect(namesIn(session, 'robust.safetensors')).toHaveLength(2 * 3)
    },
  },
  {
    of: 'taskvec vectors import theta.npy --name mine --layer 12',
    instead: () => ({ '12': '3' }),
    before: async (session) => {
      await session.run('cp "$(find thetas -name "*.npy" | head -n 1)" theta.npy')
    },
    claim: async (_, session) => {
      const { library } = (await session.json('taskvec vectors list --json')) as { library: object[] }
      expect(library).toMatchObject([{ name: 'mine', vectors: 1, dModel: 80, mode: 'replace' }])
    },
  },
  {
    of: 'taskvec predict --vector honesty --scale 1.5 --positions all --prompt "The earth is" --max-tokens 20',
    instead: () => ({ ...thisModel, honesty: 'mine', 'The earth is': 'example:a->' }),
    claim: ({ stdout }) => {
      expect(stdout).toContain('mine')
    },
  },
  {
    of: 'taskvec predict --vector thetas.safetensors#algorithmic_to_upper --query q',
    instead: () => thisModel,
    claim: ({ stdout }) => {
      expect(stdout).toContain('"Q"')
    },
  },
  {
    of: 'taskvec sql "..."',
    instead: () => ({ '...': blockOf('docs/querying.md', 'SELECT model, task, baseline').trim() }),
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/model.*task.*baseline.*hypothesis.*regular.*best_layer/)
      for (const task of tasks) expect(stdout).toContain(task)
    },
  },
  {
    of: 'taskvec sql "SELECT ..."',
    instead: () => ({ 'SELECT ...': blockOf('docs/schema.md', 'SELECT sweep, model, task, count').trim() }),
    claim: ({ stdout }) => {
      // "Work still to be done": none.
      for (const task of tasks) expect(stdout).not.toContain(task)
    },
  },
  {
    of: 'taskvec sql "select model, avg(regular), avg(baseline), avg(hypothesis) from results group by model"',
    claim: ({ stdout }) => {
      expect(stdout).toContain(model)
    },
  },
  {
    of: 'taskvec results --table conflicting',
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/taskA +taskB +regularA +regularB +conflictingA +conflictingB/)
      expect(stdout).toMatch(/to upper +next letter/)
    },
  },
  {
    of: 'taskvec compare',
    instead: () => ({ 'taskvec compare': `taskvec compare --models ${model}=llama-7b` }),
    claim: ({ stdout }) => {
      // Newcombe's interval of the difference, and Fisher's p (docs/experiments.md, Intervals).
      expect(stdout).toMatch(/low.*high.*p.*verdict/i)
    },
  },
]
