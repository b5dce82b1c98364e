import { readNumerics } from '../../domain/numerics.js'
import { z } from 'zod'
import { TaskvecError } from '../../domain/errors.js'
import { figure, table } from '../../figures/section.js'
import { onlyStep, passesOf, passesStep, rowsOf, type Experiment, type UnitKind } from '../experiment.js'
import { count } from '../settings.js'
import type { SweepRows } from '../sweep-rows.js'
import { hashOf } from '../task-units.js'
import { drawConflicting } from './conflicting-items.js'
import { dominance } from './dominance.js'
import { conflictingTasks, type ConflictingResult } from './forward-passes.js'
import { table2, type ConflictingRow } from './table-2.js'
import { conflictingPredictions, conflictingView } from './tables.js'

const taskId = z.string().min(1).max(80)
const paperPairs: [string, string][] = [
  ['algorithmic_next_letter', 'algorithmic_to_upper'],
  ['algorithmic_list_last', 'algorithmic_list_first'],
  ['algorithmic_prev_letter', 'algorithmic_next_letter'],
  ['linguistic_present_simple_past_simple', 'linguistic_present_simple_gerund'],
  ['translation_en_es', 'translation_en_fr'],
]

const settings = z.strictObject({
  /** [A, B]: A gives the demonstrations, B gives θ. */
  pairs: z
    .array(z.tuple([taskId, taskId]))
    .min(1)
    .default(paperPairs),
  demonstrations: count.default(4),
  items: z.int().min(1).max(1000).default(100),
})

type Settings = z.output<typeof settings>

const passes = passesOf('conflictingTasks', 'conflicting', conflictingTasks)

/** S of task A, θ of task B, on queries of both. */
const ofOnePair: UnitKind<Omit<Settings, 'pairs'>> = {
  passes: [passes],
  table: conflictingPredictions,
  hands: ({ demonstrations, items }) => [
    { setting: 'conflicting: items', split: 'test', items: 2 * items, demonstrations, predictions: 1 },
  ],
  plan({ place: { model, task, thetaTask }, task: finished }, { demonstrations, items: count }) {
    const a = finished(task)
    const b = finished(thetaTask)
    const items = drawConflicting(
      { id: task, population: a.population() },
      { id: thetaTask, population: b.population() },
      { ...a.protocol, demonstrations },
      count,
    )
    const layer = b.bestLayer
    const [scoringA, scoringB, modelHash] = [a.scoring, b.scoring, a.modelHash]
    if (modelHash !== b.modelHash)
      throw new TaskvecError('TASK', `${task} and ${thetaTask} were run on different weights`)
    const numerics = readNumerics(a.numerics)
    const step = { model, modelHash, task: `${task} with θ of ${thetaTask}` }
    const input = { ...step, scoringA, scoringB, layer, items }
    return {
      identity: { numerics, scoringA, scoringB, layer, items: hashOf(items) },
      modelHash,
      next: onlyStep(conflictingPredictions, passesStep('answer', passes, input, predictionRows)),
    }
  },
  check(stored) {
    const kinds = stored.all(conflictingPredictions).map(({ kind }) => kind)
    const regular = kinds.filter((kind) => kind === 'regular').length
    return 2 * regular === kinds.length ? null : 'not as many regular as conflicting predictions'
  },
}

function predictionRows({ queries, ...found }: ConflictingResult) {
  return (['regular', 'conflicting'] as const).map((kind) => {
    const { tokens, texts, correctA, correctB, whole, ...read } = found[kind]
    return rowsOf(
      conflictingPredictions,
      queries.map((query, item) => ({
        kind,
        item,
        ...query,
        token: tokens[item] as number,
        text: texts[item] as string,
        correctA: Number(correctA[item]),
        correctB: Number(correctB[item]),
        answerLogProb: read.answerLogProbs[item] as number,
        answerRank: read.answerRanks[item] as number,
        answerLogitDifference: read.answerLogitDifferences[item] as number,
        ...(whole
          ? {
              tokens: JSON.stringify(whole.tokens[item]),
              wholeLogProb: whole.logProbs[item] as number,
              wholeRank: whole.ranks[item] as number,
            }
          : {}),
      })),
    )
  })
}

/** The pairs of a sweep, in the config's order. */
export function conflictingRows(rows: SweepRows): ConflictingRow[] {
  return rows.of(conflictingView, {
    columns: [
      ...(['model', 'taskA', 'taskB', 'layer', 'items'] as const),
      ...(['regularA', 'regularB', 'conflictingA', 'conflictingB'] as const),
    ],
    order: ['task', 'taskB'],
  })
}

/** Dominance of θ over demonstrations (docs/protocol.md, Conflicting tasks): Table 2. */
export const conflicting: Experiment<Settings> = {
  name: 'conflicting',
  settings,
  units: ({ pairs, ...own }) =>
    pairs.map(([task, thetaTask]) => ({ experiment: 'conflicting', task, thetaTask, settings: own })),
  kinds: { conflicting: ofOnePair },
  tables: {
    conflicting: {
      view: conflictingView,
      columns: [
        ...['model', 'taskA', 'taskB', 'layer', 'items'],
        ...['regularA', 'regularB', 'conflictingA', 'conflictingB'],
      ],
      filters: ['model', 'task', 'layer'],
      order: ['task', 'taskB'],
      accuracies: { regularA: 'items', regularB: 'items', conflictingA: 'items', conflictingB: 'items' },
      counts: true,
      keys: ['model', 'taskA', 'taskB'],
      averaged: ['regularA', 'regularB', 'conflictingA', 'conflictingB'],
      paper: (rows) => [table2(conflictingRows(rows))],
    },
  },
  section: {
    id: 'dominance',
    title: 'Dominance of θ',
    units: ['conflicting'],
    blocks(rows) {
      const pairs = conflictingRows(rows)
      return [...figure(dominance(pairs)), table(table2(pairs))]
    },
  },
}
