import { passesOf, passesStep, rowsOf, type UnitKind } from '../experiment.js'
import { withShuffledLabels } from '../shuffled-labels.js'
import { commonIdentity, hashOf, taskStep, testItemsOf } from '../task-units.js'
import { functionVector, type FunctionVectorResult } from './forward-passes.js'
import { functionVectorGeometry, functionVectorHeads, functionVectorScores } from './tables.js'
import { places, topHeads } from './top-heads.js'

export interface FunctionVectorSettings {
  /** Number of heads; null: by the size of the model. */
  readonly heads: number | null
  /** Test items, the first ones. */
  readonly items: number
  /** Clean prompts that the heads' outputs are averaged over, of the first dev items. */
  readonly prompts: number
}

const passes = passesOf('functionVector', 'function vector', functionVector)

/** All tasks of a model, one after the other: the heads are chosen by their effects on all of them. */
export const functionVectorsUnit: UnitKind<FunctionVectorSettings> = {
  passes: [passes],
  table: functionVectorScores,
  hands: ({ items, prompts }) => [
    ...testItemsOf('functionVectors')({ items }),
    { setting: 'functionVectors: items', split: 'test', items },
    { setting: 'functionVectors: prompts', split: 'dev', items: prompts },
  ],
  plan(context, { heads: asked, items: number, prompts }) {
    const { task, seed } = context
    const runs = context.runsOf('mediation')
    const heads = topHeads(context, asked)
    const where = places(heads)
    const tasks = runs.map(({ task: name }) => {
      const of = task(name)
      const items = of.items('test', number)
      const step = {
        ...taskStep(of, items),
        clean: of.items('dev', prompts),
        shuffled: withShuffledLabels(items, seed, name),
        heads: where,
        seed,
      }
      return { name, of, step }
    })
    return {
      identity: {
        of: runs.map(({ task, key }) => ({ task, key })),
        heads: where,
        tasks: tasks.map(({ of, step: { items, clean, shuffled } }) => ({
          ...commonIdentity(of),
          ...{ items: hashOf(items), clean: hashOf(clean), shuffled: hashOf(shuffled) },
        })),
        seed,
      },
      modelHash: (runs[0] as (typeof runs)[number]).modelHash,
      next(stored) {
        const missing = tasks.find(({ name }) => !stored.has(functionVectorScores, { taskId: name }))
        if (!missing) return null
        return passesStep(`vector of ${missing.name}`, passes, missing.step, (result) => [
          ...(stored.has(functionVectorHeads) ? [] : [rowsOf(functionVectorHeads, heads)]),
          ...resultRows(missing.name, result),
        ])
      },
    }
  },
}

function resultRows(taskId: string, { items, scores, geometry }: FunctionVectorResult) {
  return [
    rowsOf(
      functionVectorScores,
      scores.map((score) => ({ taskId, items, ...score })),
    ),
    rowsOf(
      functionVectorGeometry,
      geometry.map((angles) => ({ taskId, ...angles })),
    ),
  ]
}
