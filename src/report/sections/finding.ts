import type Database from 'better-sqlite3'
import { conflictingView } from '../../experiments/conflicting/tables.js'
import type { SweepRows } from '../../experiments/sweep-rows.js'
import { groupBy, isIncluded, meanAndSd, meanCurves } from '../../figures/paper-rules.js'
import { text, type Section } from '../../figures/section.js'
import { share } from '../../figures/table.js'
import { committedFolder, modelCatalog } from '../../models/catalog.js'
import { pairedBootstrap } from '../../statistics/bootstrap.js'
import { wilsonInterval } from '../../statistics/wilson.js'
import { prefixHits } from '../../store/results.js'
import { layers, results } from '../../store/schema/views.js'
import { skippedExperiments, sweepFailures, sweepProgress } from '../../store/sweep-state.js'
import type { SweepSummary } from '../../store/sweeps.js'

/** What the sweep shows, in a few sentences made from its numbers: effect, best layer, dominance, what failed. */
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
  const paragraphs = groupBy(finished, ({ model }) => model).map(([model, of]) => {
    const points = curves.get(model)
    const best = points ? ` ${peak(points, blocks.get(model) ?? points.length)}` : ''
    return `${model}: ${effect(of)}${best}`
  })
  return {
    id: 'finding',
    title: 'What this sweep shows',
    blocks: [
      ...(paragraphs.length === 0 ? [text('No task is finished yet.')] : []),
      ...paragraphs.map(text),
      ...dominance(rows).map(text),
      ...prefixRule(db, sweep.id).map(text),
      text(state(db, sweep)),
      ...builtIn(finished.map(({ model }) => model)).map(text),
    ],
  }
}

type Finished = Pick<
  typeof results.$inferSelect,
  'model' | 'task' | 'baseline' | 'hypothesis' | 'regular' | 'testItems'
>

function effect(of: readonly Finished[]): string {
  const helped = of.filter(isIncluded)
  if (helped.length === 0)
    return `demonstrations help in none of ${tasks(of.length)}, so whether θ carries a task cannot be seen.`
  const mean = (kind: 'baseline' | 'hypothesis' | 'regular') => meanAndSd(helped.map((row) => row[kind])).mean
  const [baseline, hypothesis, regular] = [mean('baseline'), mean('hypothesis'), mean('regular')]
  const recovered = Math.round((100 * (hypothesis - baseline)) / (regular - baseline))
  return `θ alone, without demonstrations, answers ${share(hypothesis)} of the queries; demonstrations answer ${share(regular)}, the query alone ${share(baseline)}: ${recovered} % of the gain (hypothesis − regular ${difference(helped)}), mean over ${tasks(helped.length)} of ${of.length} where demonstrations help.`
}

/** The mean over tasks of hypothesis - regular, and its interval over tasks. */
function difference(of: readonly Finished[]): string {
  const differences = of.map(({ hypothesis, regular }) => hypothesis - regular)
  const names = of.map(({ task }) => task)
  const { difference, low, high } = pairedBootstrap(differences, names, { seed: 0 })
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${share(Math.abs(value))}`
  return of.length === 1
    ? signed(difference)
    : `${signed(difference)}, 95 % [${signed(low)}, ${signed(high)}] over tasks`
}

function peak(points: ReturnType<typeof meanCurves>, blocks: number): string {
  const best = points.reduce((a, b) => (b.mean > a.mean ? b : a))
  if (best.mean === 0) return 'It is right at no layer.'
  return `It works best when patched in after L = ${best.layer} of ${blocks} blocks (depth ${share(best.depth)}), ${share(best.mean)} on dev items.`
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
    `Against demonstrations of another task, ${share(won / items)} [${share(low)}, ${share(high)}] of the answers follow θ; without it ${share(sum((row) => row.regularA) / items)} follow the demonstrations (${pairs.length} pairs of tasks).`,
  ]
}

/** What the authors' scoring of knowledge tasks lets through, beside the stricter count. */
function prefixRule(db: Database.Database, sweep: string): string[] {
  const hits = prefixHits(db, sweep).filter(({ correct }) => correct > 0)
  if (hits.length === 0) return []
  const each = hits.map(
    ({ kind, items, correct, oneCharacter, firstToken }) =>
      `${kind} ${share(correct / items)}, of which ${Math.round((100 * oneCharacter) / correct)} % are a single character; ${share(firstToken / items)} by the answer’s first token`,
  )
  return [`Tasks scored by prefix (the authors’ rule for knowledge tasks): ${each.join('. And ')}.`]
}

function state(db: Database.Database, { id, status }: SweepSummary): string {
  const open = sweepProgress(db, id).filter(({ complete }) => !complete).length
  const failed = sweepFailures(db, id).length
  const skipped = skippedExperiments(db, id).length
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(open > 0 ? [`${open} not complete (taskvec resume ${id})`] : []),
    ...(skipped > 0 ? [`${skipped} parts of further experiments cannot be done`] : []),
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
        `${miniatures.join(', ')}: miniatures, whose task vectors were built in by training, not discovered; they show the method at work, not evidence for it.`,
      ]
}

function tasks(n: number): string {
  return `${n} task${n === 1 ? '' : 's'}`
}
