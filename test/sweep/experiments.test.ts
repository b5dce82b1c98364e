import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enginesOf, Sandbox, until } from './sandbox.js'

// Small, but every experiment is in it.
const settings = {
  tasks: [
    'algorithmic_to_upper',
    'algorithmic_next_letter',
    'algorithmic_list_first',
    'algorithmic_list_last',
  ],
  devItems: 6,
  testItems: 6,
  baselineItems: 6,
  experiments: [
    'main',
    { robustness: { thetas: 6, devItems: 4 } },
    { conflicting: { items: 12 } },
    { projection: { top: 10 } },
    { mediation: { items: 3, prompts: 4, components: ['heads', 'attention', 'mlp', 'resid_post'] } },
    { functionVectors: { heads: 3, items: 4, prompts: 4, naturalText: { items: 4 }, probing: { items: 4 } } },
    { attention: { items: 4 } },
    { stateVectors: { items: 4 } },
    { learnedTheta: { items: 4, devItems: 4, directions: 2, generations: 3 } },
    { beyond: { items: 6, demonstrationSets: [1, 2], decodability: { thetas: 4 } } },
    {
      transfer: {
        ...{ items: 6, layers: 'all', vectors: ['to_upper + list_first - next_letter'] },
        from: [{ demonstrations: 3, prompt: 'qa' }],
      },
    },
    { thetas: { items: 'each' } },
  ],
}

let sandbox: Sandbox
let undisturbed: Record<string, unknown[]>

beforeAll(async () => {
  sandbox = await Sandbox.create({ keepServer: true })
  const db = join(sandbox.folder, 'undisturbed.db')
  const run = await sandbox.taskvec(['run', sandbox.config('experiments', settings)], { db, report: true })
  expect(run.stderr).toContain('Complete: 24 cells')
  expect(run.exitCode).toBe(0)
  const page = /Report with every figure and table: (.*)/.exec(run.stderr)?.[1]
  expect(existsSync(page ?? '')).toBe(true)
  undisturbed = everything(db)
})

afterAll(() => sandbox[Symbol.asyncDispose]())

/** Every row of the further experiments' views, but for what says which sweep computed it. */
function everything(db: string): Record<string, unknown[]> {
  const reader = new Database(db, { readonly: true })
  const views = [
    'robustness',
    'theta_map',
    'conflicting',
    'conflicting_items',
    'projections',
    'projection_answers',
    'mediation',
    'function_vectors',
    'function_vectors_shuffled',
    'function_vector_top_heads',
    'function_vector_angles',
    'function_vector_means',
    'natural_text',
    'probing',
    'head_sums',
    'attention',
    'beyond',
    'transfer',
  ]
  const rows = Object.fromEntries(
    views.map((view) => {
      const columns = reader.prepare('select name from pragma_table_info(?)').pluck().all(view) as string[]
      const own = columns.filter((column) => column !== 'sweep')
      return [
        view,
        reader.prepare(`select distinct ${own.join(', ')} from ${view} order by ${own.join(', ')}`).all(),
      ]
    }),
  )
  const states = reader
    .prepare('select distinct experiment, task, theta_task, state, reason from experiments order by 1, 2, 3')
    .all()
  reader.close()
  return { ...rows, states }
}

function stored(db: string, experiment: string): boolean {
  if (!existsSync(db)) return false
  const reader = new Database(db, { readonly: true, timeout: 10_000 })
  try {
    const statement = 'select count(*) from unit_runs where experiment = ?'
    return (reader.prepare(statement).pluck().get(experiment) as number) > 0
  } catch {
    return false // not made yet
  } finally {
    reader.close()
  }
}

describe('the further experiments of a sweep', () => {
  it('give rows of every kind, and name what is skipped and why', () => {
    for (const [view, rows] of Object.entries(undisturbed)) expect(rows, view).not.toHaveLength(0)
    expect(undisturbed['robustness']).toHaveLength(4)
    expect(undisturbed['theta_map']).toHaveLength(4 * 6)
    expect(undisturbed['conflicting']).toMatchObject([
      { task_a: 'algorithmic_list_last', task_b: 'algorithmic_list_first', items: 12 },
      { task_a: 'algorithmic_next_letter', task_b: 'algorithmic_to_upper', items: 12 },
    ])
    expect(undisturbed['projections']).toHaveLength(4 * 6 * 10)
    // Four tasks, each in another setting too, their composition and the random vector, on four tasks' queries at six L.
    expect(undisturbed['transfer']).toHaveLength(10 * 4 * 6)
    const analyses = new Set(
      (undisturbed['beyond'] as { analysis: string }[]).map(({ analysis }) => analysis),
    )
    expect([...analyses]).toEqual([
      ...[
        'addition',
        'decodability',
        'demonstration_sets',
        'layer_transfer',
        'learned_theta',
        'multi_context',
        'state_vectors',
        'template_transfer',
      ],
    ])
    const skipped = (undisturbed['states'] as { state: string; reason: string }[]).filter(
      ({ state }) => state === 'skipped',
    )
    expect(skipped.map(({ reason }) => reason)).toEqual([
      "algorithmic_prev_letter is not among the sweep's tasks",
      "linguistic_present_simple_past_simple is not among the sweep's tasks",
      "translation_en_es is not among the sweep's tasks",
    ])
  })

  // Two databases at once: after each kill the next process waits until what the dead one was doing times out.
  it('end with the same bytes after a kill -9 in each of them', async () => {
    // One of each kind of unit, in the order in which a sweep comes to them.
    const experiments = [
      ...['robustness', 'projection', 'mediation', 'attention', 'state_vectors', 'learned_theta'],
      ...['demonstration_sets', 'multi_context', 'layer_transfer', 'template_transfer', 'addition'],
      ...['decodability_thetas', 'item_thetas', 'robustness_analysis', 'conflicting', 'function_vectors'],
      ...['natural_text', 'probing', 'decodability', 'transfer'],
    ]
    const config = sandbox.config('experiments', settings)

    async function killedIn(name: string, experiments: readonly string[]): Promise<void> {
      const db = join(sandbox.folder, `${name}.db`)
      let args = ['run', config]
      for (const experiment of experiments) {
        const run = sandbox.taskvec(args, { db })
        const pid = run.pid as number
        await until(`${experiment} is under way`, () => stored(db, experiment), 240_000)
        process.kill(pid, 'SIGKILL')
        expect((await run).signal, experiment).toBe('SIGKILL')
        await until('the engines followed', async () => (await enginesOf(pid)).length === 0)
        args = ['resume']
      }
      const resumed = await sandbox.taskvec(args, { db })
      expect(resumed.stderr).toContain('Complete: 24 cells')
      expect(resumed.exitCode).toBe(0)
      expect(everything(db)).toEqual(undisturbed)
    }
    await Promise.all([
      killedIn(
        'even',
        experiments.filter((_, i) => i % 2 === 0),
      ),
      killedIn(
        'odd',
        experiments.filter((_, i) => i % 2 === 1),
      ),
    ])
  }, 1_800_000)

  it('record the time of each of their steps', () => {
    const reader = new Database(join(sandbox.folder, 'undisturbed.db'), { readonly: true })
    const timed = reader
      .prepare('select distinct work from timings where engine_seconds > 0 and computed_by > ?')
      .pluck()
      .all('') as string[]
    reader.close()
    const experiments = new Set(timed.map((work) => work.split(' ')[0]))
    for (const { experiment, state } of undisturbed['states'] as { experiment: string; state: string }[])
      if (state === 'complete') expect(experiments).toContain(experiment)
  })

  it('are reused by another sweep', async () => {
    const db = join(sandbox.folder, 'undisturbed.db')
    const again = await sandbox.taskvec(['run', sandbox.config('other-name', settings)], { db })
    expect(again.exitCode).toBe(0)
    const reused = await sandbox.taskvec(
      [
        'sql',
        "select sum(reused) as reused, sum(state = 'complete') as complete from experiments where sweep like 'other-name%'",
        '--json',
      ],
      { db },
    )
    expect(JSON.parse(reused.stdout)).toEqual([{ reused: 69, complete: 69 }])
    expect(everything(db)).toEqual(undisturbed)
  })
})

describe('several seeds', () => {
  it('make one sweep each, in one group', async () => {
    const db = join(sandbox.folder, 'seeds.db')
    const tasks = ['algorithmic_to_upper']
    const config = sandbox.config('seeded', { ...settings, tasks, experiments: ['main'], seeds: [41, 42] })
    const run = await sandbox.taskvec(['run', config], { db })
    expect(run.exitCode).toBe(0)
    const [, group] = /2 seeds, one sweep each: npx taskvec results (\S+) --seeds/.exec(run.stderr) ?? []
    const seeds = await sandbox.taskvec(['results', group ?? '', '--seeds', '--format', 'json'], { db })
    expect(JSON.parse(seeds.stdout)).toMatchObject([{ task: 'algorithmic_to_upper', seeds: 2 }])
    const { stdout } = await sandbox.taskvec(
      [
        'sql',
        'select count(distinct group_id) as groups, group_concat(seed) as seeds from (select * from sweeps order by seed)',
        '--json',
      ],
      { db },
    )
    expect(JSON.parse(stdout)).toEqual([{ groups: 1, seeds: '41,42' }])
  })
})
