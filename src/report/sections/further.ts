import type Database from 'better-sqlite3'
import {
  beyondScores,
  distanceRows,
  experimentStates,
  projectedAnswers,
  thetaPoints,
  transferCells,
  type LayerCell,
} from '../../store/report-queries.js'
import { projectedTokens, tableRows } from '../../store/result-tables.js'
import { decodability } from '../../experiments/decodability/figure.js'
import { demonstrationSets } from '../../experiments/demonstration-sets/figure.js'
import { distanceHistograms } from '../../experiments/robustness/distance-histograms.js'
import { dominance } from '../../experiments/conflicting/dominance.js'
import { layerTransfer } from '../../experiments/layer-transfer/figure.js'
import { otherWays } from '../../experiments/beyond/other-ways.js'
import { answersAmongTopTokens } from '../../experiments/projection/answers-among-top-tokens.js'
import { templateTransfer } from '../../experiments/template-transfer/figure.js'
import { thetaMap } from '../../experiments/robustness/theta-map.js'
import { beyondTable } from '../../experiments/beyond/beyond-table.js'
import { distancesTable } from '../../experiments/robustness/distances-table.js'
import { table2, tables3And7, type ConflictingRow } from '../tables/paper-tables.js'
import { figure, figurePerModel, table, text, type Block, type Section } from '../../figures/section.js'

/**
 * A section per further experiment, in the paper's order. What the sweep did not run is a line that says how to run it. A
 * new experiment's section is one entry here.
 */
export function furtherExperiments(
  db: Database.Database,
  sweep: string,
  cells: readonly LayerCell[],
): Section[] {
  const states = experimentStates(db, sweep)
  const section = (
    id: string,
    title: string,
    key: string,
    units: readonly string[],
    make: () => Block[],
  ): Section => {
    const of = states.filter(({ experiment }) => units.includes(experiment))
    const sum = (state: 'complete' | 'waiting' | 'skipped') =>
      of.reduce((total, row) => total + row[state], 0)
    if (of.length === 0)
      return {
        id,
        title,
        blocks: [
          text(
            `Not part of this sweep. Add ${key} to experiments: in its config and run that: what is stored is not computed again.`,
          ),
        ],
      }
    const open = sum('waiting')
    const skipped = sum('skipped')
    const all = open + skipped + sum('complete')
    return {
      id,
      title,
      blocks: [
        ...(open > 0 ? [text(`${open} of ${all} parts are not computed yet: taskvec resume ${sweep}.`)] : []),
        ...(skipped > 0
          ? [text(`${skipped} of ${all} parts could not be done; why is said at the end.`)]
          : []),
        ...(sum('complete') > 0 ? make() : []),
      ],
    }
  }

  return [
    section('robustness', 'Robustness of θ', 'robustness', ['robustness'], () => {
      const distances = distanceRows(db, sweep)
      return [
        ...figurePerModel(thetaPoints(db, sweep), thetaMap),
        ...figurePerModel(distances, distanceHistograms),
        table(distancesTable(distances)),
      ]
    }),
    section('dominance', 'Dominance of θ', 'conflicting', ['conflicting'], () => {
      const rows = [...tableRows(db, 'conflicting', sweep)] as unknown as ConflictingRow[]
      return [...figure(dominance(rows)), table(table2(rows))]
    }),
    section('projection', 'What θ says', 'projection', ['projection'], () => [
      ...figure(answersAmongTopTokens(projectedAnswers(db, sweep))),
      ...tables3And7(projectedTokens(db, sweep)).map(table),
    ]),
    section(
      'beyond',
      'Beyond the paper',
      'beyond',
      [
        'demonstration_sets',
        'multi_context',
        'layer_transfer',
        'template_transfer',
        'addition',
        'decodability',
      ],
      () => {
        const scores = beyondScores(db, sweep)
        return [
          ...figure(demonstrationSets(scores)),
          ...figure(otherWays(scores, cells)),
          ...figurePerModel(transferCells(db, sweep), layerTransfer),
          ...figure(templateTransfer(scores)),
          ...figure(decodability(scores)),
          table(beyondTable(scores)),
        ]
      },
    ),
  ]
}
