import type Database from 'better-sqlite3'
import { modelRecords } from '../store/report-queries.js'
import { tableRows } from '../store/result-tables.js'
import { mainResults } from '../store/results.js'
import type { Cell } from './compare.js'
import {
  cellsOf,
  conflictingCells,
  curvesOf,
  publishedCells,
  publishedConflicting,
  publishedCurves,
  type Curve,
  type CurveRow,
} from './comparison-cells.js'
import { paperResults } from './paper-results.js'
import type { ConflictingRow } from './tables/paper-tables.js'

/** What one side of a comparison has; read when it is asked for. */
export interface Side {
  /** Table 6. */
  readonly main: () => Cell[]
  /** Table 2. */
  readonly conflicting: () => Cell[]
  /** Figure 3. */
  readonly curves: () => Curve[]
}

export function sweepSide(db: Database.Database, sweep: string): Side {
  const blocks = () =>
    new Map(
      modelRecords(db, sweep).flatMap(({ model, blocks }) => (blocks === null ? [] : [[model, blocks]])),
    )
  return {
    main: () => cellsOf(mainResults(db, sweep)),
    conflicting: () =>
      conflictingCells([...tableRows(db, 'conflicting', sweep)] as unknown as ConflictingRow[]),
    curves: () => curvesOf([...tableRows(db, 'layers', sweep)] as unknown as CurveRow[], blocks()),
  }
}

export function publishedSide(published = paperResults()): Side {
  return {
    main: () => publishedCells(published),
    conflicting: () => publishedConflicting(published),
    curves: () => publishedCurves(published),
  }
}
