import { z } from 'zod'
import { figurePerModel, table } from '../../figures/section.js'
import type { Experiment } from '../experiment.js'
import { defaultMediation, mediationUnits } from '../mediation/mediation.js'
import { byTemplate } from '../natural-text/by-template.js'
import { naturalTextSetting, naturalTextUnit } from '../natural-text/natural-text.js'
import { naturalTextView } from '../natural-text/tables.js'
import { probesByLayer } from '../probing/by-layer.js'
import { probingSetting, probingUnit } from '../probing/probing.js'
import { headSumsView, probingView } from '../probing/tables.js'
import { count } from '../settings.js'
import { overTasks } from '../task-units.js'
import { byLayer } from './by-layer.js'
import { geometryByLayer } from './geometry-by-layer.js'
import {
  functionVectorGeometryView,
  functionVectorHeadsView,
  functionVectorMeansView,
  functionVectorsView,
  shuffledFunctionVectorsView,
} from './tables.js'
import { topHeadsTable } from './top-heads-table.js'
import { functionVectorsUnit } from './unit.js'

const settings = z
  .strictObject({
    /** Number of heads; absent: by the size of the model. */
    heads: count.optional(),
    /** Test items, the first ones. */
    items: count.default(50),
    /** Clean prompts that the heads' outputs are averaged over, of the first dev items. */
    prompts: count.default(100),
    /** Queries in sentences of natural text. */
    naturalText: naturalTextSetting,
    /** The classifier of tasks. */
    probing: probingSetting,
  })
  .transform(({ heads = null, ...rest }) => ({ heads, ...rest }))

type Settings = z.output<typeof settings>

const scoresTable = {
  view: functionVectorsView,
  columns: ['model', 'task', 'kind', 'layer', 'accuracy', 'firstToken', 'items'],
  order: ['task', 'kind', 'layer'],
  averaged: ['accuracy', 'firstToken'],
} as const

/** θ and the function vector of Todd et al. (2023), on the same items. */
export const functionVectors: Experiment<Settings> = {
  name: 'functionVectors',
  settings,
  units: ({ naturalText, probing, ...own }, tasks) => {
    const { heads, prompts } = own
    return [
      ...mediationUnits(defaultMediation, tasks),
      { ...overTasks('function_vectors'), settings: own },
      ...(naturalText
        ? [{ ...overTasks('natural_text'), settings: { ...naturalText, heads, prompts } }]
        : []),
      ...(probing ? [{ ...overTasks('probing'), settings: { ...probing, heads } }] : []),
    ]
  },
  kinds: { function_vectors: functionVectorsUnit, natural_text: naturalTextUnit, probing: probingUnit },
  tables: {
    'function-vectors': scoresTable,
    'function-vectors-shuffled': { ...scoresTable, view: shuffledFunctionVectorsView },
    'function-vector-means': {
      view: functionVectorMeansView,
      columns: ['model', 'prompt', 'kind', 'layer', 'accuracy', 'low', 'high', 'firstToken', 'tasks'],
      filters: ['model', 'layer', 'kind'],
      order: ['prompt', 'kind', 'layer'],
    },
    'natural-text': {
      ...scoresTable,
      view: naturalTextView,
      columns: ['model', 'task', 'template', 'kind', 'layer', 'accuracy', 'firstToken', 'items'],
      order: ['task', 'template', 'kind', 'layer'],
    },
    probing: {
      view: probingView,
      columns: ['model', 'task', 'vector', 'layer', 'accuracy', 'items'],
      order: ['task', 'vector', 'layer'],
      accuracies: { accuracy: 'items' },
      averaged: ['accuracy'],
    },
    'head-sums': {
      view: headSumsView,
      columns: ['model', 'task', 'vector', 'layer', 'cosine', 'normSum', 'normTheta'],
      order: ['task', 'vector', 'layer'],
      averaged: ['cosine', 'normSum', 'normTheta'],
    },
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
      order: ['task', 'layer'],
      averaged: ['cosine', 'normFunctionVector', 'normTheta', 'inSpan'],
    },
  },
  section: {
    id: 'function-vectors',
    title: 'θ and function vectors',
    units: ['function_vectors', 'natural_text', 'probing'],
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
      const texts = rows.of(naturalTextView, {
        columns: ['model', 'task', 'template', 'kind', 'layer', 'accuracy'],
        order: ['template', 'kind', 'task', 'layer'],
      })
      const probes = rows.of(probingView, {
        columns: ['model', 'task', 'vector', 'layer', 'items', 'correct'],
        order: ['vector', 'task', 'layer'],
      })
      const angles = rows.of(functionVectorGeometryView, {
        columns: [
          ...(['model', 'task', 'layer', 'cosine', 'normFunctionVector'] as const),
          ...(['normTheta', 'inSpan', 'inRandomSpan'] as const),
        ],
        order: ['task', 'layer'],
      })
      const sums = rows.of(headSumsView, {
        columns: ['model', 'task', 'vector', 'layer', 'cosine', 'normSum', 'normTheta'],
        order: ['vector', 'task', 'layer'],
      })
      return [
        ...figurePerModel(scores, byLayer),
        ...figurePerModel([...angles, ...sums], geometryByLayer),
        ...figurePerModel(texts, byTemplate),
        ...figurePerModel(probes, probesByLayer),
        ...(heads.length > 0 ? [table(topHeadsTable(heads))] : []),
      ]
    },
  },
}
