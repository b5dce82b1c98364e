import type Database from 'better-sqlite3'
import type { SweepSummary } from '../../store/sweeps.js'
import { compareCells, type Comparison } from '../compare.js'
import { comparedCurves } from '../compared-curves.js'
import { describeNamesakes, namesakes } from '../namesakes.js'
import { publishedSide, sweepSide } from '../comparison-sides.js'
import { bars, groupBy, isIncluded } from '../../figures/paper-rules.js'
import { barsByModel } from '../../experiments/main/bars.js'
import { curvesBeside, differences } from '../figures/comparison.js'
import { paperResults } from '../paper-results.js'
import { comparisonTable, curvesTable } from '../tables/comparison-table.js'
import { publishedRows } from '../published-rows.js'
import { figure, figurePerModel, table, text, type Block, type Section } from '../../figures/section.js'

/** Tables 6 and 2 and the by-layer curves compared with the published ones or with another sweep. */
export function comparison(
  db: Database.Database,
  sweep: SweepSummary,
  other: SweepSummary | null,
): Section[] {
  const name = other?.id ?? 'the published results'
  const published = other ? null : paperResults()
  const except = published ? namesakes(db, sweep.id) : undefined
  const notes = except ? describeNamesakes(except).map(text) : []
  const ours = sweepSide(db, sweep, except)
  const theirs = published ? publishedSide(published) : sweepSide(db, other as SweepSummary)
  const compared = compareCells(ours.main(), theirs.main())
  const conflicting = compareCells(ours.conflicting(), theirs.conflicting())
  const curves = comparedCurves(ours.curves(), theirs.curves())
  const section = { id: 'comparison', title: `Beside ${name}` }
  if (compared.length + conflicting.length + curves.length === 0)
    return other === null
      ? notes.length === 0
        ? []
        : [{ ...section, blocks: notes }]
      : [
          {
            ...section,
            blocks: [
              text(
                `No model and task in common with ${name}; taskvec compare --all-models compares unlike models.`,
              ),
            ],
          },
        ]
  const models = new Set(compared.map(({ model }) => model))
  const paper = published ? publishedRows(published).filter(({ model }) => models.has(model)) : []
  const blocks = [
    ...notes,
    ...accuracies(
      compared,
      name,
      'main',
      'accuracies',
      figure(barsByModel(bars(paper), paper.filter((row) => !isIncluded(row)).length, 'published')),
    ),
    ...accuracies(conflicting, name, 'conflicting', 'accuracies of conflicting tasks'),
    ...(curves.length === 0
      ? []
      : [
          text(
            `${counted(
              curves.flatMap(({ points }) => points.map(({ comparison }) => comparison)),
              'points of by-layer curves',
            )} ${counted(
              curves.flatMap(({ best }) => best?.comparison ?? []),
              'best layers',
            )}`,
          ),
          ...figurePerModel(curves, (model, of) => curvesBeside(model, of, name)),
          table(curvesTable(curves, name)),
        ]),
  ]
  return [{ ...section, blocks }]
}

function accuracies(
  compared: readonly Comparison[],
  name: string,
  of: 'main' | 'conflicting',
  what: string,
  first: readonly Block[] = [],
): Block[] {
  if (compared.length === 0) return []
  return [
    text(counted(compared, what)),
    ...first,
    ...figurePerModel(compared, (model, rows) => differences(model, rows, name, of)),
    table(comparisonTable(compared, name, of)),
  ]
}

function counted(compared: readonly Comparison[], what: string): string {
  const verdicts = groupBy(compared, ({ verdict }) => verdict).map(
    ([verdict, of]) => `${of.length} ${verdict}`,
  )
  return `${compared.length} ${what} compared: ${verdicts.join(', ')}.`
}
