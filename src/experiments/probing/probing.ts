import { z } from 'zod'
import { TaskvecError } from '../../domain/errors.js'
import { unitScores } from '../../store/schema/units.js'
import { onlyStep, passesOf, passesStep, rowsOf, type UnitKind } from '../experiment.js'
import { places, topHeads } from '../function-vectors/top-heads.js'
import { scoreRows } from '../scores.js'
import { commonIdentity, hashOf } from '../task-units.js'
import { headSumAngles } from './tables.js'
import { probe } from './forward-passes.js'

/** `probing` of function vectors: test items per task; null if switched off. */
export const probingSetting = z
  .union([z.boolean(), z.strictObject({ items: z.int().min(2).max(1000).default(20) })], {
    error: 'must be true, false or {items}',
  })
  .default(true)
  .transform((given) => (given === true ? { items: 20 } : given === false ? null : given))

export interface ProbingSettings {
  readonly items: number
  /** As for function vectors. */
  readonly heads: number | null
}

const passes = passesOf('probeTasks', 'probing', probe)

/** One classifier over the vectors of all tasks. */
export const probingUnit: UnitKind<ProbingSettings> = {
  passes: [passes],
  table: unitScores,
  hands: ({ items }) => [
    { setting: 'functionVectors: probing: items', split: 'test', items, ofTasks: 'all' },
  ],
  plan(context, { items: number, heads: asked }) {
    const heads = places(topHeads(context, asked))
    const runs = context.runsOf('mediation')
    const of = runs.map(({ task }) => context.task(task))
    const [first] = of
    if (!first || of.length < 2)
      throw new TaskvecError('TASK', `probing needs at least two tasks; there is ${of.length}`)
    const tasks = of.map((task) => ({ task: task.task, items: task.items('test', number) }))
    const { model, modelHash, numerics } = first
    const { seed } = context
    const input = { model, modelHash, numerics, task: 'probing', tasks, heads, seed }
    return {
      identity: { of: of.map(commonIdentity), tasks: hashOf(tasks), heads, seed, angles: true },
      modelHash,
      next: onlyStep(
        unitScores,
        passesStep('probe', passes, input, (result) => [
          ...scoreRows(result),
          rowsOf(headSumAngles, result.angles),
        ]),
      ),
    }
  },
}
