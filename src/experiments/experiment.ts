import type { NumericsJson } from '../domain/numerics.js'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { z } from 'zod'
import type { UnitPlace } from '../domain/unit-place.js'
import type { Item, Protocol, Scoring, Split } from '../domain/types.js'
import type { Engine, EvaluateOptions } from '../engine/engine.js'
import type { Block } from '../figures/section.js'
import type { ResultTable, SweepRows } from './sweep-rows.js'
import type { Population } from '../tasks/sampling.js'

/**
 * An experiment: a folder here and one line in catalog.ts. It sees neither Temporal nor an open database. The store asks
 * it what to compute next and inserts the rows it returns; workers run its forward passes by name; configs, `results`, `verify`
 * and the report find its settings, tables, checks and section here (docs/adding-an-experiment.md).
 */
export interface Experiment<Settings = unknown> {
  /** Its name in a config's `experiments:`. */
  readonly name: string
  /** Fills in defaults; its output is part of the sweep's id. Absent: it has no settings. */
  readonly settings?: z.ZodType<Settings>
  /** Its units, in the order in which a sweep computes them. */
  units?(settings: Settings, tasks: readonly string[]): NewUnit[]
  /** Its kinds of units, by the value of the column `experiment`. */
  readonly kinds?: Readonly<Record<string, UnitKind>>
  /** What `taskvec results --table NAME` prints. */
  readonly tables?: Readonly<Record<string, ResultTable>>
  /** Its part of the report. */
  readonly section?: ExperimentSection
}

export interface ExperimentSection {
  readonly id: string
  readonly title: string
  /** Units that the section needs; without any, it says so itself. */
  readonly units: readonly string[]
  blocks(rows: SweepRows): readonly Block[]
}

/** A unit of a sweep that is about to start. */
export interface NewUnit extends Pick<UnitPlace, 'experiment' | 'task' | 'thetaTask'> {
  readonly settings: object
}

/** A piece of an experiment that is computed step by step and stored as a whole. */
export interface UnitKind<Settings = unknown> {
  /** Its steps' forward passes. */
  readonly passes?: readonly ForwardPasses[]
  /** Its steps' computations on stored θ. */
  readonly analyses?: readonly Analysis[]
  /** The tables that hold a complete unit's rows. */
  readonly table: SQLiteTable
  /** The items that its largest step sends to a worker; a sweep that exceeds the limit is refused when it starts. */
  hands?(settings: Settings, protocol: Protocol, unit: Pick<NewUnit, 'thetaTask'>): readonly HandedItems[]
  /** Errors: TASK if it is impossible for this model and these tasks: the unit is skipped, with the message. */
  plan(context: PlanContext, settings: Settings): UnitPlan
  /** What is wrong with the rows of a complete unit; null if nothing. */
  check?(stored: StoredRows): string | null
}

export interface HandedItems {
  /** The setting that determines their number, as named in a config. */
  readonly setting: string
  /** The split whose first items are sent, as the main experiment used them. */
  readonly split: Split
  readonly items: number
  /** Set if items are drawn for this experiment instead, with this many demonstrations. */
  readonly demonstrations?: number
  /** Set if one step takes the items of all these tasks; absent: those of the unit's task, or of one task at a time. */
  readonly ofTasks?: 'all' | readonly string[]
  /** Predictions returned for each of them. */
  readonly predictions?: number
}

export interface UnitPlan {
  /** Everything that determines the results besides the experiment and the model's hash; part of the unit's key. */
  readonly identity: object
  readonly modelHash: string
  /** The first step whose rows are not stored yet; null if the unit is complete. */
  readonly next: (stored: StoredRows) => Step | null
}

/** One activity's work. */
export interface Step {
  /** Unique within the unit. */
  readonly name: string
  readonly activity: string
  /** On stored θ, next to the database; else forward passes on a worker that has the model. */
  readonly onThetas: boolean
  /** JSON of at most 2 MiB. */
  readonly input: object
  rows(result: unknown): TableRows[]
}

/** Forward passes on the model's workers: an activity of this name. */
export interface ForwardPasses<Input extends object = object, Result extends object = object> {
  readonly activity: string
  /** Its name in the progress display. */
  readonly label: string
  run(engine: Engine, input: Input, options: EvaluateOptions): Promise<Result>
}

/** A computation on stored θ, in a separate process next to the database: θ are too large for payloads. */
export interface Analysis<Result extends object = object> {
  readonly activity: string
  run(thetas: ThetaReader, input: AnalysisInput): Result
}

export interface AnalysisInput {
  readonly seed: number
  /** The unit runs that hold each task's θ. */
  readonly thetas: readonly { readonly task: string; readonly runId: number }[]
}

export interface ThetaReader {
  /** The layers after which a unit run has θ, ascending. */
  layers(runId: number): number[]
  /** θ of a unit run at L, in the items' order: `[items, d_model]`. */
  vectors(runId: number, layer: number): { readonly vectors: Float32Array; readonly dModel: number }
}

/** Input of forward passes on one task's items. */
export interface TaskStep {
  readonly model: string
  readonly modelHash: string
  /** The numeric set-up of the sweep's results. */
  readonly numerics?: NumericsJson
  readonly task: string
  readonly scoring: Scoring
  readonly items: readonly Item[]
}

/** `ForwardPasses` with the types of `run`. */
export function passesOf<Input extends object, Result extends object>(
  activity: string,
  label: string,
  run: (engine: Engine, input: Input, options: EvaluateOptions) => Promise<Result>,
): ForwardPasses<Input, Result> {
  return { activity, label, run }
}

/** The plan of a unit whose only step fills `table`. */
export function onlyStep(table: SQLiteTable, step: Step): UnitPlan['next'] {
  return (stored) => (stored.has(table) ? null : step)
}

export function passesStep<Input extends object, Result extends object>(
  name: string,
  { activity }: ForwardPasses<Input, Result>,
  input: Input,
  rows: (result: Result) => TableRows[],
): Step {
  return { name, activity, onThetas: false, input, rows: (result) => rows(result as Result) }
}

export function analysisStep<Result extends object>(
  name: string,
  { activity }: Analysis<Result>,
  input: AnalysisInput,
  rows: (result: Result) => TableRows[],
): Step {
  return { name, activity, onThetas: true, input, rows: (result) => rows(result as Result) }
}

/** Rows of one of a unit's tables; the store adds the run they belong to. */
export interface TableRows {
  readonly table: SQLiteTable
  readonly rows: readonly object[]
}

export function rowsOf<Table extends SQLiteTable>(
  table: Table,
  rows: readonly Omit<Table['$inferInsert'], 'runId'>[],
): TableRows {
  return { table, rows }
}

/** The rows that a unit's run already has. */
export interface StoredRows {
  has<Table extends SQLiteTable>(table: Table, where?: Partial<Table['$inferSelect']>): boolean
  all<Table extends SQLiteTable>(table: Table): Table['$inferSelect'][]
}

/** The input for planning a unit. */
export interface PlanContext {
  readonly place: UnitPlace
  /** A task of the sweep as the main experiment left it. Errors: TASK if it is not in the sweep or has failed. */
  readonly task: (task: string) => FinishedTask
  /** Complete runs of another of the experiment's units, by task, in the config's order. */
  readonly runsOf: (unit: string) => readonly UnitRun[]
  /** The rows of one of these runs. */
  readonly storedBy: (runId: number) => StoredRows
  /** From the sweep's settings. */
  readonly seed: number
}

export interface UnitRun {
  readonly task: string
  readonly runId: number
  readonly key: string
  readonly modelHash: string
}

export interface FinishedTask {
  readonly model: string
  readonly task: string
  readonly modelHash: string
  readonly numerics: NumericsJson
  readonly scoring: Scoring
  readonly protocol: Protocol
  /** N. */
  readonly blocks: number
  readonly dModel: number
  /** The lowest L with the highest dev accuracy. */
  readonly bestLayer: number
  readonly itemsHash: Readonly<Record<Split, string>>
  /** The first n items of a split (default: all), as the main experiment used them. */
  items(split: Split, n?: number): Item[]
  /** The population from which items were drawn. Errors: TASK for explicit items. */
  population(): Population
}
