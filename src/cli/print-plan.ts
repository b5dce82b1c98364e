import type { SweepConfig } from '../config/sweep-config.js'
import { duration } from '../domain/duration.js'
import { readableSize } from '../models/free-space.js'
import { boxedTable } from '../report/boxed-table.js'
import { count } from './sweep-models.js'
import { dryRun, type DryRun } from '../sweep/dry-run.js'

/** `taskvec run --dry-run`: what a run would compute, and its cost. */
export function printPlan(sweeps: readonly SweepConfig[], json: boolean | undefined): void {
  const plan = dryRun(sweeps)
  process.stdout.write(json ? `${JSON.stringify(plan)}\n` : `${readable(plan)}\n`)
}

function readable({
  settings,
  models,
  tasks,
  cells,
  uncounted,
  fetch,
  downloadBytes,
  memoryBytes,
  coreHours,
}: DryRun) {
  const head = ['sweep', 'demonstrations', 'prompt', 'dummy queries', 'seed', 'numerics', 'cells', 'one core']
  const rows = settings.map((each) => [
    ...[
      each.sweep,
      each.demonstrations,
      each.prompt,
      each.dummyQueries,
      each.seed,
      each.numerics,
      each.cells,
    ],
    duration(each.coreHours * 3600),
  ])
  const fetched = fetch.map(({ model, bytes }) => `${model} (${readableSize(bytes)})`)
  return [
    boxedTable(head, rows, [1, 3, 4, 6, 7]),
    `${count(settings.length, 'setting')} x ${count(models, 'model')} x ${count(tasks, 'task')}: ${count(cells, 'cell')}, minus stored results.`,
    ...(uncounted.length > 0
      ? [
          `Not counted, since their number of blocks is known only once they are opened: ${uncounted.join(', ')}.`,
        ]
      : []),
    fetch.length > 0
      ? `To be fetched: ${fetched.join(', ')}; ${readableSize(downloadBytes)} in total.`
      : 'Nothing to fetch.',
    `About ${duration(coreHours * 3600)} on one core at 100 GFLOP/s, and ${readableSize(memoryBytes)} of memory for the largest model of the catalogue in f32.`,
  ].join('\n')
}
