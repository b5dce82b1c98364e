import { scoringLabel } from '../../tasks/scoring.js'
import { readNumerics, type NumericsJson } from '../../domain/numerics.js'
import type { ModelRecord, TaskRecord } from '../../store/report-queries.js'
import type { Table } from '../../figures/table.js'

/** The paper's Table 4, and what exactly was run: the content hash covers weights, config and tokenizer. */
export function table4(models: readonly ModelRecord[]): Table {
  return {
    id: 'table-4',
    title: 'Table 4: models',
    caption:
      'N: number of blocks. Content: the first 16 digits of the sha256 of weights, config and tokenizer. Time: engine time, summed over processes.',
    columns: {
      model: 'Model',
      architecture: 'Architecture',
      parameters: 'Parameters',
      blocks: 'N',
      dModel: 'd_model',
      vocab: 'Vocabulary',
      weights: 'Weights',
      numerics: 'Computed in',
      hash: 'Content',
      seconds: 'Time, s',
    },
    align: 'llrrrrlllr',
    rows: models.map((row) => ({
      model: row.model,
      architecture: row.architecture,
      parameters: row.parameters === null ? null : readableCount(row.parameters),
      blocks: row.blocks,
      dModel: row.dModel,
      vocab: row.vocab,
      weights: row.weights,
      numerics: row.numerics === null ? null : readableNumerics(row.numerics),
      hash: row.modelHash?.slice(0, 16) ?? null,
      seconds: Math.round(row.engineSeconds),
    })),
  }
}

/** The paper's Table 5, with the labels that the config gives tasks. */
export function table5(tasks: readonly TaskRecord[], labels: ReadonlyMap<string, string>): Table {
  const labelled = tasks.some(({ task }) => labels.has(task))
  return {
    id: 'table-5',
    title: 'Table 5: tasks',
    caption:
      'Example: the first test item of the first model. Pairs: the pairs of the word list that remain after the models’ tokenizers; empty for generated inputs and given items.',
    columns: {
      ...{ category: 'Category', task: 'Task' },
      ...(labelled ? { label: 'Label' } : {}),
      ...{ example: 'Example', scoring: 'Scoring', pairs: 'Pairs' },
    },
    align: labelled ? 'lllllr' : 'llllr',
    rows: tasks.map(({ category, task, query, answer, scoring, fewestPairs, mostPairs }) => ({
      category,
      task,
      ...(labelled ? { label: labels.get(task) ?? null } : {}),
      example: `${query.trim()} → ${answer.trim()}`,
      scoring: scoringLabel(scoring),
      pairs: fewestPairs === mostPairs ? fewestPairs : `${fewestPairs} to ${mostPairs}`,
    })),
  }
}

function readableCount(parameters: number): string {
  const [unit, size] = parameters >= 1e9 ? ['B', 1e9] : parameters >= 1e6 ? ['M', 1e6] : ['k', 1e3]
  return `${Number((parameters / size).toPrecision(3))} ${unit}`
}

function readableNumerics(json: NumericsJson): string {
  const { mode, runtime, kernels } = readNumerics(json)
  return [mode, runtime, kernels ?? 'any processor'].filter(Boolean).join(', ')
}
