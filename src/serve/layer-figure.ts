import type Database from 'better-sqlite3'
import { drawSvg } from '../report/figures/draw.js'
import { forPage } from '../report/figures/shown-values.js'
import { oneTaskByLayer } from '../experiments/main/one-task.js'
import { taskLabels } from '../report/task-labels.js'
import { layerResults, mainResults } from '../store/results.js'
import { findSweep } from '../store/sweeps.js'

/** The by-layer curve of one (model, task) as SVG text for the page: the report's own figure. */
export class LayerFigure {
  constructor(private readonly db: Database.Database) {}

  /** '' before the first cell. */
  async draw(sweepId: string, model: string, task: string): Promise<string> {
    const [finished] = mainResults(this.db, sweepId, { model, task })
    const cells = layerResults(this.db, sweepId, { model, task })
    const label = taskLabels(findSweep(this.db, sweepId)).get(task) ?? task
    const figure = oneTaskByLayer(model, label, cells, finished ?? null)
    return figure ? String(forPage(await drawSvg(figure))) : ''
  }
}
