import type Database from 'better-sqlite3'
import { openDatabase, openReadOnly } from './open.js'
import { isComplete, missingOf } from './completeness.js'
import { kernelsOf, type NumericsJson } from '../domain/numerics.js'
import { difference, shown } from './compare-values.js'
import { Statements } from './statements.js'
import { rowKey, unitTables } from './unit-tables.js'
import { named, pointers, runTables } from './merged-tables.js'

/** One key with two values; the first database's is kept. */
export interface Conflict {
  readonly table: string
  readonly key: string
  readonly column: string
  readonly kept: string
  readonly other: string
}

export interface MergeReport {
  /** Rows added, by table. */
  readonly added: Readonly<Record<string, number>>
  /** Runs that both had, bitwise equal. */
  readonly equal: number
  /** Runs that both had, equal up to rounding, as computed on two processors. */
  readonly rounded: number
  readonly conflicts: readonly Conflict[]
  /** Kinds of processors in the runs of both files; null if not recorded. Runs of two kinds have two keys. */
  readonly kinds: readonly (string | null)[]
}

type Row = Record<string, unknown>

/**
 * Merges the results of another database into this one by key, in one transaction. If both have a key with different values, this
 * one's value is kept and the conflict is reported. The other file is only read. Errors: STORE, STORE_BUSY.
 */
export function mergeInto(file: string, from: string, { dryRun = false } = {}): MergeReport {
  using other = openReadOnly(from)
  const target = openDatabase(file)
  try {
    const merge = new Merge(new Statements(file, target), other, unitTables(target))
    other.exec('begin')
    try {
      merge.kinds = [...new Set([...kindsOf(target), ...kindsOf(other)])]
      new Statements(file, target).write(() => {
        merge.all()
        if (dryRun) throw new DryRun()
      })
    } catch (error) {
      if (!(error instanceof DryRun)) throw error
    }
    return merge
  } finally {
    target.close()
  }
}

function kindsOf(db: Database.Database): (string | null)[] {
  return db.prepare("select distinct numerics ->> '$.kernels' from runs order by 1").pluck().all() as (
    string | null
  )[]
}

function kernelsIn(numerics: unknown): string | null {
  return typeof numerics === 'string'
    ? (kernelsOf(numerics as NumericsJson) ?? 'a kind that was not recorded')
    : null
}

/** Thrown to roll back a dry run. */
class DryRun extends Error {}

class Merge implements MergeReport {
  readonly added: Record<string, number> = {}
  equal = 0
  rounded = 0
  readonly conflicts: Conflict[] = []
  kinds: readonly (string | null)[] = []
  /** Models that both databases computed for the same sweep on different kinds of processors, so that no keys are equal. */
  readonly #onTwoKinds = new Set<string>()

  constructor(
    private readonly db: Statements,
    private readonly other: Database.Database,
    private readonly unitTables: readonly string[],
  ) {}

  all(): void {
    for (const { table, ...keys } of named) this.#rows(table, keys)
    for (const row of this.#read('runs'))
      // Not all parts of it have been computed (task-parts.ts).
      if (!String(row['key']).startsWith('partial ')) this.#run('runs', runTables.runs, row)
    for (const row of this.#read('unit_runs')) this.#run('unit_runs', this.unitTables, row)
    for (const { table, ...keys } of pointers) this.#rows(table, keys)
    for (const { id } of this.#read('sweeps')) this.#settle(id as string)
  }

  #rows(
    table: string,
    { key, compared, fill = [] }: { key: string[]; compared: string[]; fill?: string[] },
  ): void {
    const where = key.map((column) => `${column} = ?`).join(' and ')
    for (const row of this.#read(table)) {
      const of = key.map((column) => row[column])
      const mine = this.db.row(`select * from ${table} where ${where}`, of) as Row | undefined
      if (!mine) {
        this.#insert(table, row)
        continue
      }
      const ofModel = `${String(row['sweep_id'])} ${String(row['model_id'])}`
      if (this.#onTwoKinds.has(ofModel)) continue
      const differing = compared.find((column) => difference(mine[column], row[column]) !== 'none')
      const [kept, other] = [mine, row].map(({ numerics }) => ({ numerics: kernelsIn(numerics) }))
      if (differing === 'numerics' && kept?.numerics !== other?.numerics) {
        this.#onTwoKinds.add(ofModel)
        this.#conflict('sweep_models', of.slice(0, 2), 'numerics', kept as Row, other as Row)
      } else if (differing !== undefined) this.#conflict(table, of, differing, mine, row)
      else
        for (const column of fill)
          if (mine[column] === null && row[column] !== null)
            this.db.run(`update ${table} set ${column} = ? where ${where}`, [row[column], ...of])
    }
  }

  /** Merges a run with all of its rows. */
  #run(table: string, children: readonly string[], { id, ...run }: Row): void {
    const mine = this.db.row(`select * from ${table} where key = ?`, [run['key']]) as Row | undefined
    if (!mine) {
      this.#insert(table, run)
      const runId = this.db.pluck(`select id from ${table} where key = ?`, [run['key']])
      for (const child of children)
        for (const row of this.#read(child, id)) this.#insert(child, { ...row, run_id: runId })
      return
    }
    const missing: [string, Row][] = []
    let rounded = false
    for (const [column, value] of Object.entries(run)) {
      if (column === 'complete' || difference(mine[column], value) === 'none') continue
      return this.#conflict(table, [run['key']], column, mine, run)
    }
    for (const child of children) {
      const { where, key } = this.#childKey(child)
      for (const row of this.#read(child, id)) {
        const own = this.db.row(`select * from ${child} where ${where}`, [
          mine['id'],
          ...key.map((name) => row[name]),
        ])
        if (own === undefined) {
          missing.push([child, { ...row, run_id: mine['id'] }])
          continue
        }
        for (const [column, value] of Object.entries(row)) {
          if (column === 'run_id') continue
          const differs = difference((own as Row)[column], value)
          if (differs === 'value')
            return this.#conflict(
              child,
              [run['key'], ...key.map((name) => row[name])],
              column,
              own as Row,
              row,
            )
          if (differs === 'rounding') rounded = true
        }
      }
    }
    for (const [child, row] of missing) this.#insert(child, row)
    if (run['complete'] === 1) this.db.run(`update ${table} set complete = 1 where id = ?`, [mine['id']])
    if (rounded) this.rounded++
    else this.equal++
  }

  /** Marks the sweep as complete, and its failures as retried, if nothing is missing any more. */
  #settle(sweepId: string): void {
    if (!isComplete(missingOf((sql, values) => this.db.pluck(sql, values), sweepId))) return
    this.db.run('update failures set superseded = 1 where sweep_id = ?', [sweepId])
    this.db.run(
      "update sweeps set status = 'complete', finished_at = ? where id = ? and status <> 'complete'",
      [new Date().toISOString(), sweepId],
    )
  }

  /** The columns that identify a row within a run. */
  #childKey(table: string): { where: string; key: string[] } {
    const key = rowKey(this.other, table)
    return { key, where: ['run_id', ...key].map((column) => `${column} = ?`).join(' and ') }
  }

  #read(table: string, runId?: unknown): Iterable<Row> {
    const where = runId === undefined ? '' : ' where run_id = ?'
    const statement = this.other.prepare(`select * from ${table}${where} order by rowid`)
    return (runId === undefined ? statement.iterate() : statement.iterate(runId)) as Iterable<Row>
  }

  #insert(table: string, row: Row): void {
    const columns = Object.keys(row)
    this.db.run(
      `insert into ${table} (${columns.map((name) => `"${name}"`).join(', ')}) values (${columns.map(() => '?').join(', ')})`,
      Object.values(row),
    )
    this.added[table] = (this.added[table] ?? 0) + 1
  }

  #conflict(table: string, key: readonly unknown[], column: string, kept: Row, other: Row): void {
    this.conflicts.push({
      table,
      key: key.map(String).join(' '),
      column,
      kept: shown(kept[column]),
      other: shown(other[column]),
    })
  }
}
