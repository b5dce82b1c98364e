import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { readVectors } from '../../../src/vectors/read.js'
import { blockOf } from '../documented.js'
import type { Session, Step } from '../session.js'

const model = 'llama-mini-m'
const few = '--set devItems=4 --set testItems=4 --set baselineItems=4 --no-report'
const small = `--set models=${model} ${few}`

/** The group that a config's settings form: the latest sweep's. */
const groups = new WeakMap<Session, string>()
const group = (session: Session) => ({ GROUP: groups.get(session) ?? '' })

const pageOf = (stdout: string) => readFileSync(/\S+index\.html/.exec(stdout)?.[0] ?? '', 'utf8')

/** docs/settings.md and docs/experiments.md: axes, and θ of one setting in another. */
export const studySteps: readonly Step[] = [
  {
    of: 'taskvec run study.yaml --dry-run',
    before: (session) => {
      session.write(
        'study.yaml',
        blockOf('docs/settings.md', 'models: [smollm2-135m-q4]\ntasks: [translation'),
      )
    },
    claim: ({ stdout }) => {
      expect(stdout).toContain('8 settings x 1 model x 3 tasks: 720 cells')
      expect(stdout).toMatch(/^(Nothing to fetch|To be fetched: .*MB)/m)
      expect(stdout).toMatch(/^About .* on one core/m)
    },
  },
  {
    of: 'taskvec run study.yaml --set demonstrations=[1,5] --set models=smollm2-135m-q4',
    instead: () => ({ 'smollm2-135m-q4': model }),
    smaller: `${few} --set tasks=[algorithmic_to_upper,knowledge_country_capital]`,
    claim: ({ stderr }, session) => {
      expect(stderr.match(/^Complete: 16 cells/gm)).toHaveLength(4)
      // "`run` ends with the name of the group."
      const [, id = ''] = /settings, one sweep each: .*taskvec results (\S+)/.exec(stderr) ?? []
      expect(id).toMatch(/^study-/)
      groups.set(session, id)
    },
  },
  {
    of: 'taskvec results GROUP',
    instead: group,
    claim: async ({ stdout }, session) => {
      expect(stdout).toMatch(/demonstrations/)
      expect(stdout).toMatch(/prompt/)
      const { GROUP } = group(session)
      const keys = ['demonstrations', 'prompt', 'dummyQueries', 'seed']
      for (const table of ['main', 'layers', 'predictions']) {
        const rows = (await session.json(`taskvec results ${GROUP} --table ${table} --json`)) as object[]
        expect(Object.keys(rows[0] ?? {}), table).toEqual(expect.arrayContaining(keys))
      }
      const sql = blockOf('docs/settings.md', 'SELECT demonstrations').replace('study-1234abcd', GROUP)
      expect(await session.json(`taskvec sql "${sql}" --json`)).toHaveLength(8)
    },
  },
  {
    of: 'taskvec results GROUP --by demonstrations',
    instead: group,
    claim: ({ stdout }) => {
      const rows = stdout.split('\n').filter((line) => line.startsWith(model))
      expect(rows.map((line) => line.split(/\s+/).slice(1, 5)).sort()).toEqual([
        ['algorithmic_to_upper', 'algorithmic', '1', '2'],
        ['algorithmic_to_upper', 'algorithmic', '5', '2'],
        ['knowledge_country_capital', 'knowledge', '1', '2'],
        ['knowledge_country_capital', 'knowledge', '5', '2'],
      ])
    },
  },
  {
    of: 'taskvec report GROUP --by demonstrations,prompt',
    instead: group,
    claim: ({ stdout }) => {
      const html = pageOf(stdout)
      for (const key of ['demonstrations', 'prompt']) expect(html).toContain(key)
      expect(html).toContain('<svg')
    },
  },
  {
    of: 'taskvec report smollm2 gemma3 --by models',
    before: async (session) => {
      for (const [name, own] of [
        ['smollm2', 'llama-mini-s'],
        ['gemma3', 'llama-mini-m'],
      ])
        await session.run(
          `taskvec run ${name} --set models=${own} --set experiments=main --set tasks=algorithmic_to_upper ${few}`,
        )
    },
    claim: ({ stdout }) => {
      const html = pageOf(stdout)
      for (const own of ['llama-mini-s', 'llama-mini-m']) expect(html).toContain(own)
    },
  },
  {
    of: 'taskvec results smollm2 gemma3 --by numerics --format csv',
    claim: ({ stdout }) => {
      expect(stdout.split('\n')[0]?.split(',')).toEqual(expect.arrayContaining(['model', 'task', 'numerics']))
      for (const own of ['llama-mini-s', 'llama-mini-m']) expect(stdout).toContain(`${own},`)
    },
  },
  {
    of: 'taskvec results GROUP --seeds',
    instead: group,
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/Sd\b/)
    },
  },
  {
    of: [
      'taskvec run study.yaml --set demonstrations=10 --set prompt=qa',
      'taskvec vectors export --layers all --out thetas.safetensors',
      'taskvec run study.yaml --set prompt=arrow --set tasks="[{id: knowledge_country_capital, theta: thetas.safetensors#knowledge_country_capital/k10-qa-s41}]"',
    ],
    before: (session) => {
      // One task, and one k but where the command says so.
      session.write('study.yaml', 'name: study\ntasks: [knowledge_country_capital]\n')
    },
    smaller: small,
    claim: ({ stderr }, session) => {
      expect(readVectors(session.path('thetas.safetensors')).vectors.map(({ name }) => name)).toContain(
        `${model}/knowledge_country_capital/k10-qa-s41/L3`,
      )
      expect(stderr.match(/^Complete: 8 cells/gm)).toHaveLength(2)
      expect(existsSync(session.path('.taskvec/vectors'))).toBe(false)
    },
  },
]
