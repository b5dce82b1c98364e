import type Database from 'better-sqlite3'
import { conflictingRows } from '../experiments/conflicting/conflicting.js'
import { layerResults, mainResults } from '../store/results.js'
import type { SweepSummary } from '../store/sweeps.js'
import type { ComparedAccuracy } from './compare.js'
import {
  cellsOf,
  conflictingCells,
  curvesOf,
  publishedAccuracies,
  publishedConflicting,
  publishedCurves,
  type Curve,
} from './comparison-cells.js'
import { paperResults } from './paper-results.js'
import { blocksOf, sweepRows } from './sweep-rows.js'

/** What one side of a comparison has; read when it is asked for. */
export interface Side {
  /** Table 6. */
  readonly main: () => ComparedAccuracy[]
  /** Table 2. */
  readonly conflicting: () => ComparedAccuracy[]
  /** Figure 3. */
  readonly curves: () => Curve[]
}

export function sweepSide(db: Database.Database, sweep: SweepSummary): Side {
  return {
    main: () => cellsOf(mainResults(db, sweep.id)),
    conflicting: () => conflictingCells(conflictingRows(sweepRows(db, sweep))),
    curves: () => curvesOf(layerResults(db, sweep.id), blocksOf(db, sweep.id)),
  }
}

export function publishedSide(published = paperResults()): Side {
  return {
    main: () => publishedAccuracies(published),
    conflicting: () => publishedConflicting(published),
    curves: () => publishedCurves(published),
  }
}
