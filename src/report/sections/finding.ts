import type Database from 'better-sqlite3'
import { conflictingView } from '../../experiments/conflicting/tables.js'
import type { SweepRows } from '../../experiments/sweep-rows.js'
import { groupBy, isIncluded, meanAndSd, meanCurves, type CurvePoint } from '../../figures/paper-rules.js'
import { table, text, type Section } from '../../figures/section.js'
import { share, type Table } from '../../figures/table.js'
import { committedFolder, modelCatalog } from '../../models/catalog.js'
import { pairedBootstrap } from '../../statistics/bootstrap.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import { weightTypes } from '../../store/report-queries.js'
import { prefixHits } from '../../store/results.js'
import { layers, results } from '../../store/schema/views.js'
import { skippedExperiments, sweepFailures, sweepProgress } from '../../store/sweep-state.js'
import type { SweepSummary } from '../../store/sweeps.js'

/** What the sweep shows, in a few sentences generated from its numbers: effect, best layer, dominance, what failed. */
export function finding(db: Database.Database, sweep: SweepSummary, rows: SweepRows): Section {
  const blocks = rows.blocks()
  const cells = rows.of(layers, {
    columns: ['model', 'task', 'category', 'layer', 'accuracy'],
    order: ['task', 'layer'],
  })
  const finished = rows.of(results, {
    columns: ['model', 'task', 'baseline', 'hypothesis', 'regular', 'testItems'],
    order: ['task'],
  })
  const curves = new Map(groupBy(meanCurves(cells, blocks), ({ model }) => model))
  const weights = weightTypes(db, sweep.id)
  const models = groupBy(finished, ({ model }) => model).map(([model, of]): ModelFinding => {
    const points = curves.get(model) ?? []
    const peak = points.length === 0 ? null : points.reduce((a, b) => (b.mean > a.mean ? b : a))
    return {
      ...{ model, weights: weights.get(model) ?? '', effect: effect(of), tasks: of.length },
      ...{ peak: peak?.mean === 0 ? null : peak, blocks: blocks.get(model) ?? points.length },
    }
  })
  return {
    id: 'finding',
    title: 'What this sweep shows',
    blocks: [
      ...(models.length === 0 ? [text('No task is finished yet.')] : []),
      ...effects(models).map(text),
      ...peaks(models).map(text),
      ...dominance(rows).map(text),
      ...prefixRule(db, sweep.id).map(text),
      text(state(db, sweep)),
      ...(models.length > 0 ? [table(modelsTable(models))] : []),
      ...builtIn(finished.map(({ model }) => model)).map(text),
    ],
  }
}

type Finished = Pick<
  typeof results.$inferSelect,
  'model' | 'task' | 'baseline' | 'hypothesis' | 'regular' | 'testItems'
>

interface Effect {
  /** Tasks where demonstrations help. */
  readonly helped: number
  readonly baseline: number
  readonly hypothesis: number
  readonly regular: number
  /** The part of the demonstrations' gain that θ alone recovers, %. */
  readonly recovered: number
  /** The mean over tasks of hypothesis - regular, with its interval over tasks. */
  readonly difference: string
}

interface ModelFinding {
  readonly model: string
  readonly weights: string
  /** Null if demonstrations help in no task. */
  readonly effect: Effect | null
  readonly tasks: number
  readonly peak: CurvePoint | null
  readonly blocks: number
}

function effect(of: readonly Finished[]): Effect | null {
  const helped = of.filter(isIncluded)
  if (helped.length === 0) return null
  const mean = (kind: 'baseline' | 'hypothesis' | 'regular') => meanAndSd(helped.map((row) => row[kind])).mean
  const [baseline, hypothesis, regular] = [mean('baseline'), mean('hypothesis'), mean('regular')]
  const recovered = Math.round((100 * (hypothesis - baseline)) / (regular - baseline))
  return { helped: helped.length, baseline, hypothesis, regular, recovered, difference: difference(helped) }
}

function difference(of: readonly Finished[]): string {
  const differences = of.map(({ hypothesis, regular }) => hypothesis - regular)
  const names = of.map(({ task }) => task)
  const { difference, low, high } = pairedBootstrap(differences, names, { seed: 0 })
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${share(Math.abs(value))}`
  return of.length === 1
    ? signed(difference)
    : `${signed(difference)}, 95 % [${signed(low)}, ${signed(high)}]`
}

/** One sentence on all models, and one for each model where demonstrations do not help. */
function effects(models: readonly ModelFinding[]): string[] {
  const seen = models.flatMap(({ effect, ...model }) => (effect ? [{ ...model, ...effect }] : []))
  const unseen = models.filter(({ effect }) => effect === null)
  const without = unseen.map(
    ({ model, tasks }) =>
      `${model}: demonstrations help in none of ${tasksSaid(tasks)}, so the sweep cannot show whether θ carries a task.`,
  )
  const [only] = seen
  if (!only) return without
  const of = (kind: 'hypothesis' | 'regular' | 'baseline' | 'recovered', say: (value: number) => string) =>
    range(seen.map((each) => each[kind]), say) // prettier-ignore
  const gain = `It recovers ${of('recovered', String)} % of the gain from demonstrations`
  const each =
    seen.length === 1
      ? ` (hypothesis − regular: ${only.difference}). Means over the ${tasksSaid(only.helped)} of ${only.tasks} where demonstrations help`
      : ` (${seen.map(({ model, recovered }) => `${model} ${recovered} %`).join(', ')}). Means over the tasks where demonstrations help`
  return [
    `Without demonstrations, θ alone reaches an accuracy of ${of('hypothesis', share)}, against ${of('regular', share)} with demonstrations and ${of('baseline', share)} for the bare query. ${gain}${each}.`,
    ...without,
  ]
}

function peaks(models: readonly ModelFinding[]): string[] {
  const found = models.flatMap(({ peak, ...model }) => (peak ? [{ ...model, peak }] : []))
  if (found.length === 0) return []
  const [only] = found
  const depths = range(found.map(({ peak }) => peak.depth), share) // prettier-ignore
  const each = found.map(({ model, peak, blocks }) => `${model} L = ${peak.layer} of ${blocks}`)
  return found.length === 1 && only
    ? [
        `θ works best when patched in after block L = ${only.peak.layer} of ${only.blocks} (depth ${depths}), with an accuracy of ${share(only.peak.mean)} on dev items.`,
      ]
    : [`θ works best when patched in at a depth of ${depths} (${each.join(', ')}).`]
}

function range(values: readonly number[], say: (value: number) => string): string {
  const [low, high] = [say(Math.min(...values)), say(Math.max(...values))]
  return low === high ? low : `${low} to ${high}`
}

function modelsTable(models: readonly ModelFinding[]): Table {
  return {
    id: 'summary',
    title: 'Summary',
    caption:
      'Mean accuracy over the tasks of Figure 4, where demonstrations help. Recovered: (hypothesis − baseline) / (regular − baseline), the share of the gain from demonstrations that θ alone recovers. Difference: hypothesis − regular, with its 95 % interval over tasks. Best L: the peak of the curve in Figure 3. Depth: L / N.',
    columns: {
      ...{ model: 'Model', weights: 'Weights', tasks: 'Tasks', baseline: 'Baseline' },
      ...{ hypothesis: 'Hypothesis', regular: 'Regular', recovered: 'Recovered' },
      ...{ difference: 'Difference', peak: 'Best L', depth: 'Depth' },
    },
    align: 'llrrrrrllr',
    rows: models.map(({ model, weights, effect, tasks, peak, blocks }) => ({
      ...{ model, weights, tasks: `${effect?.helped ?? 0} of ${tasks}` },
      baseline: effect ? share(effect.baseline) : null,
      hypothesis: effect ? share(effect.hypothesis) : null,
      regular: effect ? share(effect.regular) : null,
      recovered: effect ? `${effect.recovered} %` : null,
      difference: effect?.difference ?? null,
      peak: peak ? `${peak.layer} of ${blocks}` : null,
      depth: peak ? share(peak.depth) : null,
    })),
  }
}

function dominance(rows: SweepRows): string[] {
  const pairs = rows.of(conflictingView, {
    columns: ['model', 'items', 'regularA', 'conflictingB'],
    order: [],
  })
  if (pairs.length === 0) return []
  const sum = (of: (row: (typeof pairs)[number]) => number) =>
    pairs.reduce((total, row) => total + of(row), 0)
  const items = sum((row) => row.items)
  const won = sum((row) => row.conflictingB)
  const { low, high } = wilsonInterval(won, items)
  return [
    `When θ and the demonstrations are of different tasks, ${share(won / items)} [${share(low)}, ${share(high)}] of the answers follow θ; without θ, ${share(sum((row) => row.regularA) / items)} follow the demonstrations (${pairs.length} pairs of tasks).`,
  ]
}

/** What the authors' scoring of knowledge tasks accepts, and the stricter accuracy. */
function prefixRule(db: Database.Database, sweep: string): string[] {
  const hits = prefixHits(db, sweep).filter(({ correct }) => correct > 0)
  if (hits.length === 0) return []
  const each = hits.map(
    ({ kind, items, correct, oneCharacter, firstToken }) =>
      `${kind} accuracy ${share(correct / items)} (${Math.round((100 * oneCharacter) / correct)} % of the correct predictions are a single character), ${share(firstToken / items)} by the answer’s first token`,
  )
  return [`Tasks scored by prefix (the authors’ rule for knowledge tasks): ${each.join('; ')}.`]
}

function state(db: Database.Database, { id, status }: SweepSummary): string {
  const open = sweepProgress(db, id).filter(({ complete }) => !complete).length
  const failed = sweepFailures(db, id).length
  const skipped = skippedExperiments(db, id).length
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(open > 0 ? [`${open} not complete (taskvec resume ${id})`] : []),
    ...(skipped > 0 ? [`${skipped} parts of further experiments not possible`] : []),
  ]
  return parts.length === 0
    ? `Nothing failed; the sweep is ${status}.`
    : `Tasks: ${parts.join(', ')}; see Failures and warnings.`
}

/** The miniatures show the paper's shape; they are no evidence for it. */
function builtIn(models: readonly string[]): string[] {
  const miniatures = modelCatalog()
    .filter((model) => models.includes(model.id) && committedFolder(model) !== null)
    .map(({ id }) => id)
  return miniatures.length === 0
    ? []
    : [
        `${miniatures.join(', ')}: miniatures. Their task vectors were built in by training, not discovered: they demonstrate the method, but are no evidence for it.`,
      ]
}

function tasksSaid(n: number): string {
  return `${n} task${n === 1 ? '' : 's'}`
}
