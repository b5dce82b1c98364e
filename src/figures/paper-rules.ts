import type { Category, RunKind } from '../domain/types.js'

/** The paper's rules for what is shown, in one place (docs/protocol.md, Main experiment, "Figures"). */

/** A task counts in Figure 3 if its best dev accuracy exceeds this. */
export const learnedAbove = 0.75
/** A (model, task) counts in Figure 4 if regular - baseline is at least this. */
export const leastGain = 0.2

export interface Accuracies {
  readonly model: string
  readonly task: string
  readonly baseline: number
  readonly hypothesis: number
  readonly regular: number
}

/** Whether demonstrations help enough for the pair to count in Figure 4. */
export function isIncluded({ regular, baseline }: Pick<Accuracies, 'regular' | 'baseline'>): boolean {
  // 0.98 - 0.78 is a little less than 0.2 in binary: compared in millionths.
  return Math.round((regular - baseline) * 1e6) >= leastGain * 1e6
}

export interface Bar {
  readonly model: string
  readonly kind: RunKind
  /** Mean accuracy over the included tasks. */
  readonly mean: number
  /** Standard deviation over them, divisor n - 1; 0 for one task. */
  readonly sd: number
  readonly tasks: number
}

/** Figure 4: three bars per model with at least one included task, models in order of appearance. */
export function bars(rows: readonly Accuracies[]): Bar[] {
  return groupBy(rows.filter(isIncluded), ({ model }) => model).flatMap(([model, included]) =>
    (['baseline', 'hypothesis', 'regular'] as const).map((kind) => ({
      model,
      kind,
      ...meanAndSd(included.map((row) => row[kind])),
      tasks: included.length,
    })),
  )
}

export interface CellAccuracy {
  readonly model: string
  readonly task: string
  readonly category: Category
  readonly layer: number
  readonly accuracy: number
}

/** The tasks of a model that count in Figure 3. */
export function learnedTasks(rows: readonly CellAccuracy[]): string[] {
  return groupBy(rows, ({ task }) => task)
    .filter(([, curve]) => Math.max(...curve.map(({ accuracy }) => accuracy)) > learnedAbove)
    .map(([task]) => task)
}

export interface CurvePoint {
  readonly model: string
  readonly layer: number
  /** L / N, N the model's number of blocks. */
  readonly depth: number
  readonly mean: number
  readonly sd: number
  readonly tasks: number
}

/** Figure 3: per model and L, mean and standard deviation over the learned tasks. `blocks` gives N by model. */
export function meanCurves(rows: readonly CellAccuracy[], blocks: ReadonlyMap<string, number>): CurvePoint[] {
  return groupBy(rows, ({ model }) => model).flatMap(([model, ofModel]) => {
    const learned = new Set(learnedTasks(ofModel))
    const n = blocks.get(model) ?? Math.max(...ofModel.map(({ layer }) => layer)) + 1
    return groupBy(
      ofModel.filter(({ task }) => learned.has(task)),
      ({ layer }) => layer,
    )
      .sort(([a], [b]) => a - b)
      .map(([layer, cells]) => ({
        model,
        layer,
        depth: layer / n,
        ...meanAndSd(cells.map(({ accuracy }) => accuracy)),
        tasks: cells.length,
      }))
  })
}

/**
 * The paper's filter for display of Tables 3 and 7: stripped, letters only, without duplicates that differ only in case; the first
 * `most` of tokens in descending order of probability.
 */
export function displayedTokens(texts: readonly string[], most = 20): string[] {
  const seen = new Set<string>()
  return texts
    .map((text) => text.trim())
    .filter((text) => {
      const folded = text.toLowerCase()
      if (!/^\p{L}[\p{L}\p{M}]*$/u.test(text) || seen.has(folded)) return false
      seen.add(folded)
      return true
    })
    .slice(0, most)
}

/** The groups of rows with equal keys, both in order of first appearance. */
export function groupBy<T, K>(rows: readonly T[], key: (row: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>()
  for (const row of rows) {
    const of = key(row)
    const group = groups.get(of)
    if (group) group.push(row)
    else groups.set(of, [row])
  }
  return [...groups]
}

/** Mean, and standard deviation with divisor n - 1 (0 for one value). */
export function meanAndSd(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) }
}

/** `linguistic_present_simple_gerund` as `present simple gerund`: colour shows the category. Also for pairs of tasks. Ids chosen by the user are unchanged. */
export function taskName(task: string): string {
  return task.replace(
    /(^|, θ of )(?:algorithmic|translation|linguistic|knowledge)_(\w+)/g,
    (_, before: string, name: string) => before + name.replaceAll('_', ' '),
  )
}
