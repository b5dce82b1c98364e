import { z } from 'zod'
import { figure, figurePerModel, table } from '../../figures/section.js'
import { beyond as beyondView, layers } from '../../store/schema/views.js'
import { addition } from '../addition/addition.js'
import { decodability } from '../decodability/decodability.js'
import { decodability as decodabilityFigure } from '../decodability/figure.js'
import { demonstrationSets } from '../demonstration-sets/demonstration-sets.js'
import { demonstrationSets as demonstrationSetsFigure } from '../demonstration-sets/figure.js'
import type { Experiment, UnitKind } from '../experiment.js'
import { layerTransfer as layerTransferFigure } from '../layer-transfer/figure.js'
import { layerTransfer } from '../layer-transfer/layer-transfer.js'
import { multiContext } from '../multi-context/multi-context.js'
import { count } from '../settings.js'
import { templateTransfer as templateTransferFigure } from '../template-transfer/figure.js'
import { templateTransfer } from '../template-transfer/template-transfer.js'
import { beyondTable } from './beyond-table.js'
import { otherWays } from './other-ways.js'
import type { BeyondPart } from './part.js'

/** In the order in which a sweep computes them, by the key of `beyond` in configs. */
const parts = { demonstrationSets, multiContext, layerTransfer, templateTransfer, addition, decodability }

const settings = z.strictObject({
  /** At most this many test items are used by each. */
  items: count.default(50),
  demonstrationSets: demonstrationSets.setting,
  multiContext: multiContext.setting,
  layerTransfer: layerTransfer.setting,
  templateTransfer: templateTransfer.setting,
  addition: addition.setting,
  decodability: decodability.setting,
})

/** Those whose scores the section shows; the layer transfer has only means. */
const shown = ['demonstration_sets', 'multi_context', 'template_transfer', 'addition', 'decodability']

/** The experiments beyond the paper (docs/experiments.md). */
export const beyond: Experiment<z.output<typeof settings>> = {
  name: 'beyond',
  settings,
  units: (given, tasks) =>
    Object.entries<BeyondPart>(parts).flatMap(([key, part]) =>
      part.units(given[key as keyof typeof parts], given.items, tasks),
    ),
  kinds: Object.assign({}, ...Object.values(parts).map(({ kinds }) => kinds)) as Record<string, UnitKind>,
  tables: {
    beyond: {
      view: beyondView,
      columns: [
        ...['model', 'task', 'analysis', 'setting', 'layer', 'sourceLayer', 'items', 'correct', 'accuracy'],
        ...['answerLogProb', 'answerRank', 'answerLogitDifference'],
      ],
      filters: ['model', 'task', 'category', 'kind', 'layer'],
      order: ['analysis', 'task', { byLength: 'setting' }, 'layer', 'sourceLayer'],
      accuracies: { accuracy: 'items' },
      keys: ['model', 'task', 'analysis', 'setting', 'layer', 'sourceLayer'],
      averaged: ['accuracy', 'answerLogProb', 'answerRank', 'answerLogitDifference'],
    },
  },
  section: {
    id: 'beyond',
    title: 'Beyond the paper',
    units: [...shown, 'layer_transfer'],
    blocks(rows) {
      const scores = rows
        .of(beyondView, {
          columns: [
            ...(['model', 'task', 'category', 'analysis', 'setting', 'layer', 'items', 'correct'] as const),
            ...(['answerLogProb', 'answerRank', 'answerLogitDifference'] as const),
          ],
          order: ['analysis', { byLength: 'setting' }, 'task', 'layer'],
          where: { analysis: shown },
        })
        .filter(({ items }) => items > 0)
      const cells = rows.of(layers, {
        columns: ['model', 'task', 'category', 'layer', 'accuracy'],
        order: ['task', 'layer'],
      })
      const transfers = rows
        .means(beyondView, {
          by: ['model', 'sourceLayer', 'layer'],
          of: 'accuracy',
          where: { analysis: ['layer_transfer'] },
        })
        .map(({ mean, count, ...cell }) => ({ ...cell, accuracy: mean, tasks: count }))
      return [
        ...figure(demonstrationSetsFigure(scores)),
        ...figure(otherWays(scores, cells)),
        ...figurePerModel(transfers, layerTransferFigure),
        ...figure(templateTransferFigure(scores)),
        ...figure(decodabilityFigure(scores)),
        table(beyondTable(scores)),
      ]
    },
  },
}
