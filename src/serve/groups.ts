import type Database from 'better-sqlite3'
import { drawSvg } from '../report/figures/draw.js'
import { forPage } from '../report/figures/shown-values.js'
import { keyTitles } from '../report/figures/by-axis.js'
import { visible } from '../report/cells.js'
import { sectionByKey } from '../report/group-report.js'
import type { Block } from '../figures/section.js'
import { described, settingsOfGroup, varying } from '../store/settings.js'
import { findSweep } from '../store/sweeps.js'
import type { GroupView } from './api.js'
import type { Watch } from './watch.js'

/** Groups of sweeps for the page: `taskvec report GROUP`, updated as results arrive. */
export class Groups {
  constructor(
    private readonly db: Database.Database,
    private readonly watch: Watch,
  ) {}

  /** By the first axis that varies, unless `by` is one of them. Throws USAGE if there is no such group. */
  async view(wanted: string, by: string | undefined): Promise<GroupView> {
    const sweeps = settingsOfGroup(this.db, findSweep(this.db, wanted))
    const varied = varying(sweeps)
    const axis = varied.find((each) => each === by) ?? varied[0] ?? 'seed'
    const { blocks } = this.db.transaction(() => sectionByKey(this.db, sweeps, axis))()
    return {
      id: sweeps[0]?.group ?? wanted,
      name: sweeps[0]?.name ?? '',
      axes: varied.map((id) => ({ id, title: keyTitles[id] })),
      settings: sweeps.map(({ id, status, setting }) => ({
        ...{ id, status, setting: described(setting, varied) },
        extent: this.watch.sweep(id).extent,
      })),
      by: axis,
      blocks: await Promise.all(blocks.map(shown)),
    }
  }
}

async function shown(block: Block): Promise<GroupView['blocks'][number]> {
  if ('figure' in block) {
    const { title, subtitle, caption } = block.figure
    return {
      title: [title, subtitle].filter(Boolean).join(', '),
      caption,
      svg: String(forPage(await drawSvg(block.figure))),
    }
  }
  if ('table' in block) {
    const { title, caption, columns, rows } = block.table
    const keys = Object.keys(columns)
    return {
      title,
      caption,
      columns: Object.values(columns),
      rows: rows.map((row) => keys.map((key) => visible(row[key]))),
    }
  }
  return { text: 'text' in block ? block.text : block.code }
}
