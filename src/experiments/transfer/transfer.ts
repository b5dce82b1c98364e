import { readNumerics } from '../../domain/numerics.js'
import { z } from 'zod'
import { TaskvecError } from '../../domain/errors.js'
import { allLayers } from '../../domain/layers.js'
import type { Item } from '../../domain/types.js'
import { figurePerModel } from '../../figures/section.js'
import {
  onlyStep,
  passesOf,
  passesStep,
  rowsOf,
  type Experiment,
  type FinishedTask,
  type NewUnit,
  type PlanContext,
  type UnitKind,
} from '../experiment.js'
import type { Scores } from '../scores.js'
import { hashOf } from '../task-units.js'
import { transfer as run } from './forward-passes.js'
import { transferMatrix } from './matrix.js'
import { fromName, fromSchema, itemsFrom, type From } from './settings.js'
import { random, termsOf, withoutSetting, withSetting } from './sources.js'
import { transferScores, transferView } from './tables.js'

const taskId = z.string().min(1).max(80)

const settings = z.strictObject({
  /** [A, B]: θ of A on queries of B. */
  pairs: z.union([z.literal('all'), z.array(z.tuple([taskId, taskId])).min(1)]).default('all'),
  /** For a task's θ, its own best L; for a composition or the random vector, that of the queries' task. */
  layers: z.enum(['best', 'all']).default('best'),
  /** Compositions, each on the queries of every task: `fr_en + en_es`. */
  vectors: z.array(z.string().min(1).max(400)).max(100).default([]),
  /** Other settings from which θ of the pairs' tasks are also taken: `{demonstrations: 10, prompt: qa}`. */
  from: z.array(fromSchema).max(20).default([]),
  /** The control. */
  random: z.boolean().default(true),
  items: z.int().min(1).max(1000).default(50),
})

type Settings = z.output<typeof settings>

/** One source of θ, and the tasks whose queries it is applied to. */
interface UnitSettings extends Pick<Settings, 'layers' | 'items'> {
  readonly tasks: readonly string[]
  readonly targets: readonly string[]
  /** If θ comes from a setting other than the sweep's. */
  readonly from?: From
}

const passes = passesOf('transfer', 'transfer', run)

/** All queries of one θ in one step, so that θ is computed once. */
const ofOneSource: UnitKind<UnitSettings> = {
  passes: [passes],
  table: transferScores,
  hands({ items, from, tasks, targets }, { testItems }, { thetaTask: source }) {
    const handed = { setting: 'transfer: items', split: 'test', items } as const
    if (source === random) return [{ ...handed, ofTasks: targets }]
    const terms = termsOf(from ? withoutSetting(source) : source, tasks).map(({ task }) => task)
    const bareItems = { split: 'baseline', items: Math.min(items, testItems), demonstrations: 1 } as const
    return [
      { ...handed, ofTasks: terms, ...(from?.demonstrations && { demonstrations: from.demonstrations }) },
      { ...handed, ...bareItems, ofTasks: targets },
    ]
  },
  plan(context, { tasks, targets, layers, items, from }) {
    const source = context.place.thetaTask
    const terms = source === random ? null : termsOf(from ? withoutSetting(source) : source, tasks)
    const of = terms?.map(({ weight, task }) => ({ weight, task: context.task(task) }))
    const alone = of?.length === 1 ? of[0]?.task : undefined
    const met = finished(context, targets)
    const [any] = met
    if (!any) throw new TaskvecError('TASK', 'none of the tasks to apply it to is finished')
    const own = of
      ? {
          terms: of.map(({ weight, task }) => ({
            weight,
            items: from ? itemsFrom(task, from, items) : task.items('test', items),
          })),
        }
      : { seed: context.seed }
    const asked = met.map((task) => ({
      task: task.task,
      scoring: task.scoring,
      // Only the control needs S and x': it takes the norm of their θ.
      items: task.items('test', items).map((item) => (of ? bare(item) : item)),
      layers: layers === 'all' ? allLayers(task.blocks) : [(alone ?? task).bestLayer],
    }))
    const { model, modelHash, numerics } = any
    const input = { model, modelHash, numerics, task: `θ of ${source}`, source: own, targets: asked }
    return {
      identity: { numerics: readNumerics(numerics), source: hashOf(own), targets: hashOf(asked) },
      modelHash,
      next: onlyStep(transferScores, passesStep('apply', passes, input, scoreRows)),
    }
  },
}

/** Tasks whose main experiment is done; the others are among its failures. */
function finished({ task }: PlanContext, targets: readonly string[]): FinishedTask[] {
  return targets.flatMap((target) => {
    try {
      return [task(target)]
    } catch (error) {
      if (error instanceof TaskvecError && error.code === 'TASK') return []
      throw error
    }
  })
}

function bare(item: Item): Item {
  return { ...item, demonstrations: [], dummyQueries: [] }
}

function scoreRows({ scores }: Scores) {
  return [
    rowsOf(
      transferScores,
      scores.map(
        ({ task = '', layer, items, correct, answerLogProb, answerRank, answerLogitDifference }) => ({
          ...{ taskId: task, layer, items, correct },
          answerLogProb: answerLogProb ?? 0,
          answerRank: answerRank ?? 0,
          answerLogitDifference: answerLogitDifference ?? 0,
        }),
      ),
    ),
  ]
}

function units(
  { pairs, vectors, from, random: control, layers, items }: Settings,
  tasks: readonly string[],
): NewUnit[] {
  const own = pairs === 'all' ? tasks.map((source) => [source, tasks] as const) : grouped(pairs)
  const met = pairs === 'all' ? tasks : [...new Set(pairs.map(([, target]) => target))]
  const composed = vectors.map((vector) => [vector, tasks] as const)
  const all: readonly (readonly [string, readonly string[], From?])[] = [
    ...own,
    ...from.flatMap((other) =>
      own.map(([source, targets]) => [withSetting(source, fromName(other)), targets, other] as const),
    ),
    ...composed,
    ...(control ? [[random, met] as const] : []),
  ]
  return all.map(([source, targets, other]) => ({
    experiment: 'transfer',
    task: '',
    thetaTask: source,
    settings: { tasks, targets, layers, items, ...(other ? { from: other } : {}) } satisfies UnitSettings,
  }))
}

/** By source. */
function grouped(pairs: readonly (readonly [string, string])[]): (readonly [string, readonly string[]])[] {
  const sources = [...new Set(pairs.map(([source]) => source))]
  return sources.map(
    (source) => [source, pairs.flatMap(([from, to]) => (from === source ? [to] : []))] as const,
  )
}

/** θ of one task on the queries of others, compositions of θ, and the control of a random vector. */
export const transfer: Experiment<Settings> = {
  name: 'transfer',
  settings,
  units,
  kinds: { transfer: ofOneSource },
  tables: {
    transfer: {
      view: transferView,
      columns: [
        ...['model', 'source', 'task', 'layer', 'items', 'accuracy'],
        ...['answerLogProb', 'answerRank', 'answerLogitDifference'],
      ],
      order: ['source', 'task', 'layer'],
      accuracies: { accuracy: 'items' },
      averaged: ['accuracy'],
    },
  },
  section: {
    id: 'transfer',
    title: 'Transfer of θ',
    units: ['transfer'],
    blocks: (rows) =>
      figurePerModel(
        rows.of(transferView, {
          columns: ['model', 'source', 'task', 'layer', 'items', 'accuracy'],
          order: ['source', 'task', 'layer'],
        }),
        transferMatrix,
      ),
  },
}
