import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { openReadOnly } from '../../src/store/open.js'
import { findSweep, layerResults, mainResults, predictionValues } from '../../src/store/results.js'
import { runningProcesses } from '../../src/system/process-table.js'
import { checkInvariants } from '../../src/verify/invariants.js'
import type { Sandbox } from '../sweep/sandbox.js'

/** One activity per cell, so that a fault lands in the middle of many: 24 cells and 12 other runs. */
export const settings = {
  tasks: [
    'algorithmic_to_upper',
    'algorithmic_list_last',
    'algorithmic_next_letter',
    'algorithmic_list_first',
  ],
  ...{ devItems: 40, testItems: 40, baselineItems: 40, layersPerActivity: 1 },
}

/** Does something to a sweep, leaves it complete in `db`, and says what was seen. */
export type Fault = (sandbox: Sandbox, db: string) => Promise<string>

export interface Final {
  /** sha256 over every row of the main, by-layer and prediction tables, in order. */
  readonly tables: string
  readonly runs: number
  readonly predictions: number
  readonly status: string
}

/** What a sweep ended with; throws where an invariant of the database does not hold. */
export function finalOf(db: string): Final {
  const reader = openReadOnly(db)
  try {
    const [problem] = checkInvariants(reader).flatMap(({ problems }) => problems)
    if (problem) throw new Error(`${problem.where}: ${problem.message}`)
    const { id, status } = findSweep(reader, undefined)
    const rows = [mainResults(reader, id), layerResults(reader, id), [...predictionValues(reader, id)]]
    const count = (table: string) => reader.prepare(`select count(*) from ${table}`).pluck().get() as number
    return {
      tables: createHash('sha256').update(JSON.stringify(rows)).digest('hex'),
      runs: count('runs'),
      predictions: count('predictions'),
      status,
    }
  } finally {
    reader.close()
  }
}

/** The sweep without any fault. */
export async function undisturbed(sandbox: Sandbox): Promise<Final> {
  const db = join(sandbox.folder, 'undisturbed.db')
  const { exitCode, stderr } = await sandbox.taskvec(['run', sandbox.config('faults', settings)], { db })
  if (exitCode !== 0) throw new Error(String(stderr))
  return finalOf(db)
}

/** Goes on with the sweep until it is complete. Returns how often that took. */
export async function resume(
  sandbox: Sandbox,
  db: string,
  { environment = {}, options = [] }: { environment?: NodeJS.ProcessEnv; options?: readonly string[] } = {},
): Promise<number> {
  let last = ''
  for (let attempt = 1; attempt <= 5; attempt++) {
    // Killed before it had stored that there is a sweep, there is nothing to resume: the config begins it.
    const { exitCode, stderr } = await sandbox.taskvec(
      ['run', sandbox.config('faults', settings), ...options],
      {
        db,
        environment,
      },
    )
    if (exitCode === 0) return attempt
    last = String(stderr)
  }
  throw new Error(`not complete after five times:\n${last}`)
}

/** Processes that belong to this sandbox and still run. */
export function leftBehind(sandbox: Sandbox): string[] {
  return runningProcesses()
    .filter(({ pid, command }) => pid !== process.pid && command.includes(sandbox.folder))
    .map(({ pid, command }) => `${pid} ${command.slice(0, 120)}`)
}
