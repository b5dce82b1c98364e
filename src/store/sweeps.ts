import type Database from 'better-sqlite3'
import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import { modeLabel, type EngineMode, type NumericsJson } from '../domain/numerics.js'
import type { Protocol } from '../domain/types.js'
import type { SweepStatus } from './store-inputs.js'

/** The sweeps in a results database, and their models. Read-only. */

export interface SweepSummary {
  readonly id: string
  readonly name: string
  readonly status: SweepStatus
  readonly config: string
  readonly protocol: Protocol
  readonly createdAt: string
  readonly finishedAt: string | null
  /** Id shared by the sweeps of a config with several settings; else null. */
  readonly group: string | null
}

/** The database's UUID, which distinguishes its queues and workflows from those of other databases on the same server. */
export function databaseIdentity(db: Database.Database): string {
  return db.prepare('select id from identity').pluck().get() as string
}

export function listSweeps(db: Database.Database): SweepSummary[] {
  const rows = db
    .prepare(
      'select id, name, status, config, protocol, created_at as createdAt, finished_at as finishedAt, group_id as "group" from sweeps order by created_at desc, id',
    )
    .all()
  return (rows as (Omit<SweepSummary, 'protocol'> & { protocol: string })[]).map((row) => ({
    ...row,
    protocol: JSON.parse(row.protocol) as Protocol,
  }))
}

/** Label of the sweep's mode, such as `w8a8`; null for f32 on the CPU. */
export function sweepMode({ config }: Pick<SweepSummary, 'config'>): string | null {
  return modeLabel((JSON.parse(config) as { mode?: EngineMode }).mode ?? {})
}

/** The sweep with this id, else the latest with this group or name; if undefined, the latest of all. Errors: USAGE. */
export function findSweep(db: Database.Database, wanted: string | undefined): SweepSummary {
  const sweeps = listSweeps(db)
  const found =
    wanted === undefined
      ? sweeps[0]
      : (sweeps.find(({ id }) => id === wanted) ??
        sweeps.find(({ group, name }) => group === wanted || name === wanted))
  if (found) return found
  if (wanted === undefined)
    throw new TaskvecError('USAGE', 'the database holds no sweep yet', {
      hint: 'Run one: taskvec run configs/quickstart.yaml',
    })
  const known = sweeps.map(({ id }) => id)
  throw new TaskvecError(
    'USAGE',
    `no sweep "${wanted}"${didYouMean(wanted, [...known, ...sweeps.map(({ name }) => name)])}`,
    {
      hint:
        known.length > 0
          ? `Sweeps: ${known.slice(0, 10).join(', ')}`
          : 'The database holds no sweep yet: taskvec run configs/quickstart.yaml',
    },
  )
}

/** A sweep's models in the config's order, with the settled content of each. */
export function modelsOf(
  db: Database.Database,
  sweepId: string,
): { readonly model: string; readonly modelHash: string | null }[] {
  return db
    .prepare(
      'select model_id as model, content_hash as modelHash from sweep_models where sweep_id = ? order by position',
    )
    .all(sweepId) as ReturnType<typeof modelsOf>
}

/** The numerics of the sweep's models that have results. */
export function settledNumerics(db: Database.Database, sweepId: string): Map<string, NumericsJson> {
  const rows = db
    .prepare(
      `select m.model_id as model, coalesce(m.numerics, p.numerics) as numerics from sweep_models m
       left join prepared_tasks p on p.sweep_id = m.sweep_id and p.model_id = m.model_id
       where m.sweep_id = ? and coalesce(m.numerics, p.numerics) is not null group by m.model_id`,
    )
    .all(sweepId) as { model: string; numerics: NumericsJson }[]
  return new Map(rows.map(({ model, numerics }) => [model, numerics]))
}

/** Number of runs of the main experiment whose key has no kind of processor. */
export function runsOfAnyKind(db: Database.Database): number {
  return db
    .prepare("select count(*) from runs where numerics ->> '$.kernels' is null")
    .pluck()
    .get() as number
}
