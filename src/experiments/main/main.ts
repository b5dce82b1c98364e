import type { Experiment } from '../experiment.js'
import type { SweepRows } from '../sweep-rows.js'
import { figurePerModel } from '../../figures/section.js'
import { layers, results } from '../../store/schema/views.js'
import { mainExperiment } from './section.js'
import { scoredCells, scoresByLayer } from './scores-by-layer.js'
import { differenceTable, scoresTable, seedsTable } from './statistics-tables.js'
import { table6, type ResultRow } from './table-6.js'

function resultRows(rows: SweepRows): ResultRow[] {
  return rows.of(results, {
    columns: [
      ...(['model', 'task', 'category', 'baseline', 'hypothesis', 'regular', 'bestLayer'] as const),
      ...(['baselineItems', 'testItems', 'devItems'] as const),
    ],
    order: ['task'],
  })
}

/**
 * The main experiment (docs/protocol.md, Main experiment). It has no units: a sweep consists of its cells and runs, so
 * the store keeps their keys (src/store/run-links.ts) and workflows/task.ts runs its steps under the names in recorded
 * histories. Everything else is here.
 */
export const main: Experiment = {
  name: 'main',
  tables: {
    main: {
      view: results,
      columns: [
        ...['model', 'task', 'category', 'baseline', 'hypothesis', 'regular', 'difference', 'bestLayer'],
        ...['baselineItems', 'testItems', 'devItems'],
      ],
      computed: { difference: ['hypothesis', 'regular'] },
      filters: ['model', 'task', 'category'],
      order: ['task'],
      accuracies: { baseline: 'baselineItems', hypothesis: 'testItems', regular: 'testItems' },
      keys: ['model', 'task', 'category'],
      averaged: ['baseline', 'hypothesis', 'regular', 'difference', 'bestLayer'],
      paper: (rows) => [table6(resultRows(rows))],
    },
    layers: {
      view: layers,
      columns: ['model', 'task', 'layer', 'accuracy', 'items'],
      order: ['task', 'layer'],
      accuracies: { accuracy: 'items' },
      averaged: ['accuracy'],
    },
  },
  section: {
    id: 'main',
    title: 'Main experiment',
    units: [],
    blocks(rows) {
      const cells = rows.of(layers, {
        columns: ['model', 'task', 'category', 'layer', 'accuracy', 'correct', 'items'],
        order: ['task', 'layer'],
      })
      const finished = resultRows(rows)
      const seeds = rows.overSeeds('main')
      const scores = finished.length > 0 ? scoresTable(rows.table('main')) : null
      const graded = figurePerModel(scoredCells(rows.table('layers')), scoresByLayer)
      const { blocks } = mainExperiment({
        rows: finished,
        cells,
        blocks: rows.blocks(),
        tables: [
          ...(finished.length > 0 ? [differenceTable(rows.table('main'))] : []),
          ...(scores ? [scores] : []),
          ...(seeds ? [seedsTable(seeds)] : []),
        ],
      })
      return [...blocks, ...graded]
    },
  },
}
