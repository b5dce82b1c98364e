import { z } from 'zod'
import { TaskvecError } from '../../domain/errors.js'
import { groupBy } from '../../figures/paper-rules.js'
import { figurePerModel, table } from '../../figures/section.js'
import { passesStep, rowsOf, type Experiment, type ForwardPasses, type UnitKind } from '../experiment.js'
import { defaultMediation, mediationUnits } from '../mediation/mediation.js'
import { mediationEffects } from '../mediation/tables.js'
import { count } from '../settings.js'
import { withShuffledLabels } from '../shuffled-labels.js'
import { commonIdentity, hashOf, taskStep } from '../task-units.js'
import { byLayer } from './by-layer.js'
import { functionVector, type FunctionVectorResult, type FunctionVectorStep } from './forward-passes.js'
import {
  functionVectorGeometry,
  functionVectorGeometryView,
  functionVectorHeads,
  functionVectorHeadsView,
  functionVectorScores,
  functionVectorsView,
  shuffledFunctionVectorsView,
} from './tables.js'
import { topHeadsTable } from './top-heads-table.js'

const settings = z
  .strictObject({
    /** How many; absent: by the size of the model. */
    heads: count.optional(),
    /** Test items, the first ones. */
    items: count.default(50),
    /** Clean prompts that the heads' outputs are averaged over, of the first dev items. */
    prompts: count.default(100),
  })
  .transform(({ heads = null, ...rest }) => ({ heads, ...rest }))

type Settings = z.output<typeof settings>

const passes: ForwardPasses<FunctionVectorStep, FunctionVectorResult> = {
  activity: 'functionVector',
  label: 'function vector',
  run: functionVector,
}

/** All tasks of a model, one after the other: the heads are chosen by their effects on all of them. */
const overAllTasks: UnitKind<Settings> = {
  passes: [passes],
  table: functionVectorScores,
  plan({ runsOf, storedBy, task, seed }, { heads: asked, items: count, prompts }) {
    const runs = runsOf('mediation')
    const effects = runs.flatMap(({ runId }) =>
      storedBy(runId)
        .all(mediationEffects)
        .filter(({ component }) => component === 'heads'),
    )
    if (runs.length === 0 || effects.length === 0)
      throw new TaskvecError(
        'TASK',
        'no effects of heads are stored: mediation, with component heads, comes first',
      )
    const heads = topHeads(effects, asked)
    const tasks = runs.map(({ task: name }) => {
      const of = task(name)
      const items = of.items('test', count)
      const step = {
        ...taskStep(of, items),
        clean: of.items('dev', prompts),
        shuffled: withShuffledLabels(items, seed, name),
        heads: heads.map(({ layer, head }) => ({ layer, head })),
        seed,
      }
      return { name, of, step }
    })
    const places = heads.map(({ layer, head }) => ({ layer, head }))
    return {
      identity: {
        of: runs.map(({ task, key }) => ({ task, key })),
        heads: places,
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

/** The heads with the largest mean effect; by default 2 % of them, ten at least: 10 of GPT-J's 448, 20 of LLaMA 7B's 1024, as Todd et al. */
function topHeads(effects: readonly TaskEffect[], asked: number | null) {
  const all = groupBy(effects, ({ layer, head }) => `${layer} ${head}`).map(([, of]) => {
    const { layer, head } = of[0] as TaskEffect
    return { layer, head, effect: of.reduce((sum, { effect }) => sum + effect, 0) / of.length }
  })
  const number = asked ?? Math.max(10, Math.round(0.02 * all.length))
  return all
    .sort((a, b) => b.effect - a.effect || a.layer - b.layer || a.head - b.head)
    .slice(0, number)
    .map((head, i) => ({ rank: i + 1, ...head }))
}

type TaskEffect = typeof mediationEffects.$inferSelect

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

const scoresTable = {
  view: functionVectorsView,
  columns: ['model', 'task', 'kind', 'layer', 'accuracy', 'firstToken', 'items'],
  filters: ['model', 'task', 'category', 'layer'],
  order: ['task', 'kind', 'layer'],
  keys: ['model', 'task', 'kind', 'layer'],
  averaged: ['accuracy', 'firstToken'],
} as const

/** θ beside the function vector of Todd et al. (2023), on the same items. */
export const functionVectors: Experiment<Settings> = {
  name: 'functionVectors',
  settings,
  units: (given, tasks) => [
    ...mediationUnits(defaultMediation, tasks),
    { experiment: 'function_vectors', task: '', thetaTask: '', settings: given },
  ],
  kinds: { function_vectors: overAllTasks },
  tables: {
    'function-vectors': scoresTable,
    'function-vectors-shuffled': { ...scoresTable, view: shuffledFunctionVectorsView },
    'function-vector-heads': {
      view: functionVectorHeadsView,
      columns: ['model', 'rank', 'layer', 'head', 'effect'],
      filters: ['model'],
      order: ['rank'],
    },
    'function-vector-geometry': {
      view: functionVectorGeometryView,
      columns: [
        ...['model', 'task', 'layer', 'cosine', 'normFunctionVector', 'normTheta'],
        ...['inSpan', 'inRandomSpan'],
      ],
      filters: ['model', 'task', 'category', 'layer'],
      order: ['task', 'layer'],
      keys: ['model', 'task', 'layer'],
      averaged: ['cosine', 'normFunctionVector', 'normTheta', 'inSpan'],
    },
  },
  section: {
    id: 'function-vectors',
    title: 'θ and function vectors',
    units: ['function_vectors'],
    blocks(rows) {
      const query = {
        columns: ['model', 'task', 'kind', 'layer', 'accuracy', 'items'],
        order: ['task', 'kind', 'layer'],
      } as const
      const scores = [
        ...rows.of(functionVectorsView, query).map((row) => ({ ...row, prompt: 'zero-shot' as const })),
        ...rows
          .of(shuffledFunctionVectorsView, query)
          .map((row) => ({ ...row, prompt: 'shuffled' as const })),
      ]
      const heads = rows.of(functionVectorHeadsView, {
        columns: ['model', 'rank', 'layer', 'head', 'effect'],
        order: ['rank'],
      })
      return [...figurePerModel(scores, byLayer), ...(heads.length > 0 ? [table(topHeadsTable(heads))] : [])]
    },
  },
}
