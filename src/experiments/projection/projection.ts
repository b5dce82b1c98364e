import { z } from 'zod'
import { figure, table } from '../../figures/section.js'
import { onlyStep, passesOf, passesStep, rowsOf, type Experiment, type UnitKind } from '../experiment.js'
import type { SweepRows } from '../sweep-rows.js'
import { commonIdentity, perTask, taskStep } from '../task-units.js'
import { answersAmongTopTokens } from './answers-among-top-tokens.js'
import { vocabularyProjection, type ProjectionResult } from './forward-passes.js'
import { projectionAnswersView, projectionScores, projectionTokens, projectionsView } from './tables.js'
import { tables3And7, type ProjectedToken } from './tables-3-and-7.js'

const settings = z.strictObject({ top: z.int().min(1).max(1000).default(100) })

type Settings = z.output<typeof settings>

const passes = passesOf('vocabularyProjection', 'projection', vocabularyProjection)

const ofOneTask: UnitKind<Settings> = {
  passes: [passes],
  table: projectionTokens,
  hands: (_, { testItems }) => [{ setting: 'testItems', split: 'test', items: testItems }],
  plan({ place, task }, { top }) {
    const of = task(place.task)
    return {
      identity: { ...commonIdentity(of), items: of.itemsHash.test, top },
      modelHash: of.modelHash,
      next: onlyStep(
        projectionScores,
        passesStep('project', passes, { ...taskStep(of, of.items('test')), top }, projectionRows),
      ),
    }
  },
}

function projectionRows({ layers }: ProjectionResult) {
  return [
    rowsOf(
      projectionTokens,
      layers.flatMap(({ layer, tokens }) => tokens.map((token, i) => ({ layer, rank: i + 1, ...token }))),
    ),
    rowsOf(
      projectionScores,
      layers.map(({ tokens: _tokens, ...scores }) => scores),
    ),
  ]
}

/** The top tokens at the best L + 2 (docs/protocol.md), at the last layer if there are no two more, or at the filter's layer. */
export function projectedTokens(rows: SweepRows): ProjectedToken[] {
  const blocks = rows.blocks()
  return rows.tasks().flatMap(({ model, task, bestLayer }) => {
    const layer =
      rows.filter.layer ?? (bestLayer === null ? null : Math.min(bestLayer + 2, (blocks.get(model) ?? 0) - 1))
    if (layer === null) return []
    return rows.of(projectionsView, {
      columns: ['model', 'task', 'layer', 'text'],
      order: ['rank'],
      where: { model: [model], task: [task], layer: [layer] },
    })
  })
}

/** The mean θ projected to the vocabulary (docs/protocol.md, Vocabulary projection): Tables 3 and 7. */
export const projection: Experiment<Settings> = {
  name: 'projection',
  settings,
  units: (given, tasks) => perTask('projection', tasks, { experiment: 'projection', ...given }),
  kinds: { projection: ofOneTask },
  tables: {
    projection: {
      view: projectionsView,
      columns: ['model', 'task', 'layer', 'rank', 'token', 'text', 'logProb'],
      order: ['task', 'layer', 'rank'],
      paper: (rows) => tables3And7(projectedTokens(rows)),
    },
    answers: {
      view: projectionAnswersView,
      columns: [
        ...['model', 'task', 'layer', 'items', 'meanRank', 'meanLogProb'],
        ...['top1', 'top20', 'top100'],
      ],
      order: ['task', 'layer'],
      averaged: ['meanRank', 'meanLogProb'],
    },
  },
  section: {
    id: 'projection',
    title: 'What θ says',
    units: ['projection'],
    blocks(rows) {
      const answers = rows.of(projectionAnswersView, {
        columns: ['model', 'task', 'layer', 'items', 'top1', 'top20', 'top100'],
        order: ['task', 'layer'],
      })
      return [...figure(answersAmongTopTokens(answers)), ...tables3And7(projectedTokens(rows)).map(table)]
    },
  },
}
