import type { PaperResults } from '../paper-results.js'
import { publishedConflicting, publishedLayerCells, publishedRows } from '../published-rows.js'
import { dominance } from '../../experiments/conflicting/dominance.js'
import { table2 } from '../../experiments/conflicting/table-2.js'
import { mainExperiment } from '../../experiments/main/section.js'
import { figure, table, text, type Report } from '../../figures/section.js'

/** The authors' published figures drawn by the same definitions: `taskvec report --published`. */
export function publishedReport(published: PaperResults): Report {
  const cells = publishedLayerCells(published)
  const conflicting = publishedConflicting(published)
  return {
    title: 'In-Context Learning Creates Task Vectors',
    subtitle: 'the published results, drawn by taskvec',
    sections: [
      { id: 'source', title: 'Source', blocks: [text(published.source)] },
      mainExperiment({ rows: publishedRows(published), cells, blocks: new Map() }),
      {
        id: 'dominance',
        title: 'Dominance of θ',
        blocks: [...figure(dominance(conflicting)), table(table2(conflicting))],
      },
    ],
  }
}
