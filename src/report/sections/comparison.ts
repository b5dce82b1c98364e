import type Database from 'better-sqlite3'
import { mainResults, type MainRow, type SweepSummary } from '../../store/results.js'
import { compareCells } from '../compare.js'
import { cellsOf, publishedCells } from '../comparison-cells.js'
import { bars, groupBy, isIncluded } from '../definitions.js'
import { barsByModel } from '../figures/bars.js'
import { differences } from '../figures/comparison.js'
import { paperResults } from '../paper-results.js'
import { comparisonTable } from '../tables/comparison-table.js'
import { publishedRows } from './published.js'
import { figure, figurePerModel, table, text, type Section } from './section.js'

/** Each accuracy beside the published one, or beside those of another sweep. */
export function comparison(
  db: Database.Database,
  rows: readonly MainRow[],
  other: SweepSummary | null,
): Section {
  const name = other?.id ?? 'the published results'
  const published = other ? null : paperResults()
  const theirs = published ? publishedCells(published) : cellsOf(mainResults(db, (other as SweepSummary).id))
  const compared = compareCells(cellsOf(rows), theirs)
  const section = { id: 'comparison', title: `Beside ${name}` }
  if (compared.length === 0)
    return {
      ...section,
      blocks: [
        text(
          `No model and task in common with ${name}. taskvec report --with SWEEP sets it beside another sweep of the database.`,
        ),
      ],
    }
  const counts = groupBy(compared, ({ verdict }) => verdict)
  const verdicts = counts.map(([verdict, of]) => `${of.length} ${verdict}`).join(', ')
  const models = new Set(compared.map(({ model }) => model))
  const paper = published ? publishedRows(published).filter(({ model }) => models.has(model)) : []
  return {
    ...section,
    blocks: [
      text(`${compared.length} accuracies compared: ${verdicts}.`),
      ...figure(barsByModel(bars(paper), paper.filter((row) => !isIncluded(row)).length, 'published')),
      ...figurePerModel(compared, (model, of) => differences(model, of, name)),
      table(comparisonTable(compared, name)),
    ],
  }
}
