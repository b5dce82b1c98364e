import type Database from 'better-sqlite3'
import { conflictingRows } from '../experiments/conflicting/conflicting.js'
import { layerMeanScores, meanScores } from '../store/mean-scores.js'
import { layerResults, mainResults } from '../store/results.js'
import type { SweepSummary } from '../store/sweeps.js'
import type { ComparedAccuracy } from './compare.js'
import { cellsOf, conflictingCells, curvesOf, publishedCurves, type Curve } from './comparison-cells.js'
import type { Namesakes } from './namesakes.js'
import { paperResults } from './paper-results.js'
import { publishedConflicting, publishedRows } from './published-rows.js'
import { blocksOf, sweepRows } from './sweep-rows.js'

/** One side of a comparison, read on demand. */
export interface Side {
  /** Table 6. */
  readonly main: () => ComparedAccuracy[]
  /** Table 2. */
  readonly conflicting: () => ComparedAccuracy[]
  /** Figure 3. */
  readonly curves: () => Curve[]
}

/** `except`: models and tasks to leave out. */
export function sweepSide(
  db: Database.Database,
  sweep: SweepSummary,
  except: Namesakes = { models: [], tasks: [] },
): Side {
  const kept = (model: string, ...tasks: string[]) =>
    !except.models.includes(model) && !tasks.some((task) => except.tasks.includes(task))
  const ofKept = ({ model, task }: { model: string; task: string }) => kept(model, task)
  return {
    main: () => cellsOf(mainResults(db, sweep.id).filter(ofKept), meanScores(db, sweep.id)),
    conflicting: () =>
      conflictingCells(
        conflictingRows(sweepRows(db, sweep)).filter(({ model, taskA, taskB }) => kept(model, taskA, taskB)),
      ),
    curves: () =>
      curvesOf(
        layerResults(db, sweep.id).filter(ofKept),
        blocksOf(db, sweep.id),
        layerMeanScores(db, sweep.id),
      ),
  }
}

export function publishedSide(published = paperResults()): Side {
  return {
    main: () => cellsOf(publishedRows(published)),
    conflicting: () => conflictingCells(publishedConflicting(published)),
    curves: () => publishedCurves(published),
  }
}
