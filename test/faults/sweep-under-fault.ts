import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { openReadOnly } from '../../src/store/open.js'
import { layerResults, mainResults, predictionValues } from '../../src/store/results.js'
import { findSweep } from '../../src/store/sweeps.js'
import { runningProcesses } from '../../src/system/process-table.js'
import { checkInvariants } from '../../src/verify/invariants.js'
import type { Sandbox } from '../sweep/sandbox.js'
import { begunIn } from './recomputed.js'

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
  /** The same rows, each as JSON. */
  readonly rows: readonly string[]
  readonly runs: number
  readonly predictions: number
  readonly status: string
}

/** Something in the database that must never be. */
export class InvariantError extends Error {}

export interface Undisturbed extends Final {
  /** Computations on engines: preparations, cells, other runs, and what the model is. */
  readonly works: number
}

/** What a sweep holds; throws where an invariant of the database does not hold, a sweep that is called complete too early among them. */
export function finalOf(db: string): Final {
  const reader = openReadOnly(db)
  try {
    const [problem] = checkInvariants(reader).flatMap(({ problems }) => problems)
    if (problem) throw new InvariantError(`${problem.where}: ${problem.message}`)
    const { id, status } = findSweep(reader, undefined)
    const tables = [mainResults(reader, id), layerResults(reader, id), [...predictionValues(reader, id)]]
    const count = (table: string) => reader.prepare(`select count(*) from ${table}`).pluck().get() as number
    return {
      tables: createHash('sha256').update(JSON.stringify(tables)).digest('hex'),
      rows: tables.flat().map((row) => JSON.stringify(row)),
      runs: count('runs'),
      predictions: count('predictions'),
      status,
    }
  } finally {
    reader.close()
  }
}

/** What of it is otherwise than it should be. */
export function differences(final: Final, expected: Final): string[] {
  return (['tables', 'runs', 'predictions', 'status'] as const)
    .filter((key) => final[key] !== expected[key])
    .map((key) => `${key}: ${final[key]}, not ${expected[key]}`)
}

/** The sweep without any fault. */
export async function undisturbed(sandbox: Sandbox): Promise<Undisturbed> {
  const db = join(sandbox.folder, 'undisturbed.db')
  const { exitCode, stderr } = await sandbox.taskvec(
    ['run', sandbox.config('faults', settings), '--log-format', 'json'],
    { db },
  )
  if (exitCode !== 0) throw new Error(String(stderr))
  const works = begunIn([stderr]).map(({ work }) => work)
  if (new Set(works).size !== works.length) throw new Error('computed twice, though nothing was disturbed')
  return { ...finalOf(db), works: works.length }
}

/** Goes on with the sweep until it is complete. Returns how often that took, and what each said on stderr. */
export async function resume(
  sandbox: Sandbox,
  db: string,
  { environment = {}, options = [] }: { environment?: NodeJS.ProcessEnv; options?: readonly string[] } = {},
): Promise<{ attempts: number; logs: string[] }> {
  const logs: string[] = []
  for (let attempts = 1; attempts <= 5; attempts++) {
    // Killed before it had stored that there is a sweep, there is nothing to resume: the config begins it.
    const { exitCode, stderr } = await sandbox.taskvec(
      ['run', sandbox.config('faults', settings), ...options],
      { db, environment },
    )
    logs.push(stderr)
    if (exitCode === 0) return { attempts, logs }
  }
  throw new Error(`not complete after five times:\n${logs.at(-1)}`)
}

/** Processes that belong to this sandbox and still run. */
export function leftBehind(sandbox: Sandbox): string[] {
  return runningProcesses()
    .filter(({ pid, command }) => pid !== process.pid && command.includes(sandbox.folder))
    .map(({ pid, command }) => `${pid} ${command.slice(0, 120)}`)
}
