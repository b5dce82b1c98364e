import { expect } from 'vitest'
import type { Step } from '../session.js'

/** docs/reliability.md and other pages on the database as a whole; after quickstartSteps. */
export const databaseSteps: readonly Step[] = [
  {
    of: 'taskvec status',
    claim: async ({ stdout }, session) => {
      const { id } = (await session.json('taskvec status --json')) as { id: string }
      expect(stdout).toContain(`${id}: complete`)
    },
  },
  {
    of: 'taskvec status --watch',
    claim: ({ stdout }) => {
      expect(stdout).toContain('complete')
    },
  },
  {
    of: 'taskvec backup FILE',
    instead: () => ({ FILE: 'backups/monday.db' }),
    claim: async (_, session) => {
      // "A single file without a write-ahead log."
      expect((await session.run('ls backups')).stdout).toBe('monday.db')
    },
  },
  {
    of: [
      'rm -f .taskvec/taskvec.db .taskvec/taskvec.db-wal .taskvec/taskvec.db-shm',
      'cp backups/monday.db .taskvec/taskvec.db',
      'taskvec verify --sample 0 && taskvec resume',
    ],
    claim: ({ stdout, stderr }) => {
      expect(stdout).toContain('No differences found.')
      expect(stderr).toMatch(/complete/i)
    },
  },
  {
    of: 'taskvec verify',
    claim: ({ stdout }) => {
      expect(stdout).toMatch(/recomputed/)
      expect(stdout).toContain('No differences found.')
    },
  },
  {
    of: 'taskvec merge all.db a.db b.db',
    instead: () => ({ ' a.db': ' .taskvec/taskvec.db', 'b.db': 'backups/monday.db' }),
    claim: async (_, session) => {
      const predictions = (db: string) =>
        session.json(`taskvec results --table predictions --json ${db}`) as Promise<unknown[]>
      expect(await predictions('--db all.db')).toEqual(await predictions(''))
    },
  },
  {
    of: 'taskvec doctor --json',
    claim: ({ stdout }) => {
      const checks = JSON.stringify(JSON.parse(stdout))
      // What approximate modes gain, and the kind of processor (docs/numerics.md).
      for (const mode of ['int8', 'int4', 'w8a8'])
        expect(checks).toMatch(new RegExp(`${mode} \\d\\.\\d+ of f32`))
      expect(checks).toMatch(/kernels: \S+ \S+ \S+ [0-9a-f]{8}/)
    },
  },
  {
    of: 'taskvec tasks list',
    claim: ({ stdout }) => {
      expect(stdout).toContain('Tasks of the paper ("tasks: all")')
      expect(stdout).toContain('algorithmic_swap_case')
    },
  },
  {
    of: 'taskvec tasks check FILE',
    instead: () => ({ FILE: 'word-list.csv --columns word,translation --tokenizer llama-mini-m' }),
    before: (session) => {
      session.write('word-list.csv', 'word,translation\ndog,chien\ncat,chat\nbird,oiseau\n')
    },
    claim: ({ stdout }) => {
      for (const column of [
        'copying the input',
        'always the most common answer',
        'first token alone is right',
      ])
        expect(stdout).toContain(column)
    },
  },
]
