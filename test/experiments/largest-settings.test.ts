import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { TaskvecError } from '../../src/domain/errors.js'
import { largestPayload } from '../../src/domain/payloads.js'
import type { Protocol, TaskSpec } from '../../src/domain/types.js'
import type { ChosenExperiment } from '../../src/domain/unit-place.js'
import { experiments, unitKinds, unitsOf } from '../../src/experiments/catalog.js'
import type { FinishedTask, NewUnit, PlanContext, StoredRows } from '../../src/experiments/experiment.js'
import { vectorKinds } from '../../src/experiments/function-vectors/forward-passes.js'
import { functionVectorScores } from '../../src/experiments/function-vectors/tables.js'
import { mediationEffects } from '../../src/experiments/mediation/tables.js'
import { unitScores } from '../../src/store/schema/units.js'
import { refuseLargeUnits } from '../../src/store/unit-limits.js'
import { drawItems, type Population } from '../../src/tasks/sampling.js'
import { resolveTask } from '../../src/tasks/registry.js'
import { info, protocol as small } from '../store/sample.js'

/** Either split is a little more than a payload holds. */
const protocol: Protocol = { ...small, demonstrations: 20, testItems: 1_500, devItems: 1_500 }
const specs: TaskSpec[] = ['algorithmic_list_first', 'algorithmic_list_last'].map((id) => ({
  kind: 'builtin',
  id,
}))
const tasks = specs.map(({ id }) => id)

/** Settings with one number at the schema's maximum each, and what has to be given with it. */
function largest(schema: z.core.JSONSchema._JSONSchema): unknown[] {
  if (typeof schema === 'boolean') return []
  if (schema.type === 'integer') return [schema.maximum]
  if (schema.type === 'array' && typeof schema.items === 'object')
    return largest(schema.items as z.core.JSONSchema.JSONSchema).map((value) => [value])
  const properties = Object.entries(schema.properties ?? {})
  return [
    ...(schema.anyOf ?? []).flatMap(largest),
    ...properties.flatMap(([name, value]) =>
      largest(value).map((number) => ({ ...needed(schema), [name]: number })),
    ),
  ]
}

function needed({ properties = {}, required = [] }: z.core.JSONSchema.JSONSchema) {
  return Object.fromEntries(required.map((name) => [name, largest(properties[name] ?? false)[0]]))
}

const cases = experiments.flatMap(({ name, settings }) =>
  settings
    ? largest(z.toJSONSchema(settings, { io: 'input' })).map((given): [string, string, ChosenExperiment] => [
        name,
        JSON.stringify(given),
        { experiment: name, ...(settings.parse(given) as object) },
      ])
    : [],
)

const finished = new Map(tasks.map((id) => [id, finishedTask(id)]))

function finishedTask(task: string): FinishedTask {
  const population = resolveTask({ kind: 'builtin', id: task }) as Population
  const items = drawItems(task, population, protocol)
  return {
    ...{ model: 'm', task, modelHash: info.modelHash, numerics: '{}' },
    ...{ scoring: 'exact', protocol, blocks: info.blocks, dModel: info.dModel, bestLayer: 1 },
    itemsHash: { baseline: 'b', dev: 'd', test: 't' },
    items: (split, n) => items[split].slice(0, n),
    population: () => population,
  }
}

/** Of units that come before: what others are planned from. */
const before = new Map<unknown, readonly object[]>([
  [unitScores, [{ layer: 1, correct: 1 }]],
  [mediationEffects, [{ component: 'heads', layer: 1, head: 0, effect: 1 }]],
  [
    functionVectorScores,
    tasks.flatMap((taskId) =>
      vectorKinds.map((kind) => ({ taskId, prompt: 'zero-shot', kind, layer: 1, items: 1, correct: 1 })),
    ),
  ],
])
const stored = { has: () => false, all: (table: unknown) => before.get(table) ?? [] } as unknown as StoredRows
const nothing = { has: () => false, all: () => [] } as unknown as StoredRows

/** Bytes of the largest step that a unit begins with, or goes on with; null where it is skipped. */
function largestStep(unit: NewUnit): number | null {
  const context: PlanContext = {
    place: { sweepId: 's', model: 'm', ...unit },
    seed: 1,
    task: (task) => finished.get(task) ?? skipped(`${task} is not in the sweep`),
    runsOf: () => tasks.map((task, runId) => ({ task, runId, key: task, modelHash: info.modelHash })),
    storedBy: () => stored,
  }
  try {
    const { next } = unitKinds[unit.experiment]?.plan(context, unit.settings) ?? skipped('no such unit')
    return Math.max(...[nothing, stored].map((rows) => Buffer.byteLength(JSON.stringify(next(rows)?.input))))
  } catch (error) {
    if (error instanceof TaskvecError && error.code === 'TASK') return null
    throw error
  }
}

function skipped(why: string): never {
  throw new TaskvecError('TASK', why)
}

describe('a number of an experiment at its maximum', () => {
  it.each(cases)(
    '%s %s: steps fit a payload, or the sweep is refused with the limit',
    (_, _given, chosen) => {
      for (const unit of unitsOf([chosen], tasks)) {
        const refusal = refused([unit], protocol)
        // Drawing them would take a minute, or all memory.
        const bytes = refusal && /Lower (demonstrations|robustness)/.test(refusal) ? null : largestStep(unit)
        if (refusal === null) expect(bytes ?? 0).toBeLessThan(largestPayload - 1_000)
        else if (bytes !== null) expect(bytes, refusal).toBeGreaterThan(0.9 * largestPayload)
      }
    },
  )

  it.each([
    [
      'attention',
      /^attention algorithmic_list_first: one step sends about \d+\.\d MB, including 100000 items of test; Temporal accepts at most 1.9 MB Lower attention: items \(to about \d{4}\)/,
    ],
    ['projection', /Lower testItems \(to about \d{4}\)/],
    ['mediation', /Lower mediation: items/],
  ])('%s of a split of 100,000 items: refused, with the setting to lower', (name, message) => {
    const many = { ...protocol, testItems: 100_000, devItems: 100_000 }
    const settings = { ...(name === 'projection' ? {} : { items: 100_000 }) }
    const chosen = experiments.find((each) => each.name === name)?.settings?.parse(settings)
    expect(refused(unitsOf([{ experiment: name, ...(chosen as object) }], tasks), many)).toMatch(message)
  })

  it('draws no items with more demonstrations than are computed together', () => {
    const chosen = { pairs: [tasks], demonstrations: 100_000, items: 1 }
    expect(refused(unitsOf([{ experiment: 'conflicting', ...chosen }], tasks), protocol)).toMatch(
      /^conflicting algorithmic_list_first algorithmic_list_last: the items that are computed together take \d+\.\d MB; a worker can be sent at most 0.9 MB Lower demonstrations/,
    )
  })
})

function refused(units: readonly NewUnit[], given: Protocol): string | null {
  try {
    refuseLargeUnits(unitKinds, { protocol: given, tasks: specs, units })
    return null
  } catch (error) {
    if (error instanceof TaskvecError) return `${error.message} ${error.hint ?? ''}`
    throw error
  }
}
