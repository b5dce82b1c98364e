import type { Demonstration, Split } from '../domain/types.js'
import type { TaskVectorAnswer } from '../experiments/answer-by-task-vector.js'
import type { PredictAnswer } from '../predict/predict.js'
import type { SweepSummary } from '../store/sweeps.js'
import type { SettingKey } from '../store/settings.js'
import type { FailureRow } from '../store/sweep-state.js'
import type { TaskProgress } from '../store/store-inputs.js'
import type { ItemRow, RecentWork } from '../store/page-queries.js'
import type { ProgressTotals } from '../sweep/progress-totals.js'

/** The server's JSON answers, which the page reads. */

export interface SweepLine extends Pick<
  SweepSummary,
  'id' | 'name' | 'status' | 'createdAt' | 'finishedAt' | 'group'
> {
  /** Its values of the axes that vary within its group, in words; '' if none does. */
  readonly setting: string
}

/** The settings of one config side by side (docs/settings.md, Axes). */
export interface GroupView {
  readonly id: string
  readonly name: string
  /** Axes with several values, by which accuracies can be shown. */
  readonly axes: readonly { readonly id: SettingKey; readonly title: string }[]
  readonly settings: readonly (Pick<SweepLine, 'id' | 'status' | 'setting'> & Pick<SweepView, 'extent'>)[]
  readonly by: SettingKey
  /** The report's blocks: figures drawn, texts plain. */
  readonly blocks: readonly (
    | { readonly text: string }
    | { readonly title: string; readonly caption: string; readonly svg: string }
    | {
        readonly title: string
        readonly caption: string
        readonly columns: readonly string[]
        readonly rows: readonly (readonly string[])[]
      }
  )[]
}

/** One field of the heat map: a (model, task) of the sweep. */
export interface Field extends Omit<TaskProgress, 'cellsReused'> {
  readonly baseline: number | null
  readonly hypothesis: number | null
  readonly regular: number | null
  /** The number of items behind the accuracies: baseline; hypothesis and regular. */
  readonly baselineItems: number
  readonly testItems: number
  readonly failed: boolean
  /** Mean scores; only for a task with graded scoring (f1, chrf). */
  readonly meanScores?: Readonly<Record<'baseline' | 'hypothesis' | 'regular', number | null>>
}

export interface SweepView extends Omit<SweepLine, 'group' | 'setting'> {
  readonly config: string
  readonly models: readonly string[]
  readonly tasks: readonly string[]
  /** By task, where the config gives one. */
  readonly labels: Readonly<Record<string, string>>
  /** By task, once it is prepared. */
  readonly categories: Readonly<Record<string, string>>
  readonly fields: readonly Field[]
  readonly extent: ProgressTotals
  readonly failures: readonly FailureRow[]
  readonly warnings: readonly { readonly model: string; readonly warning: string }[]
  /** The process that is running a sweep with this database, if any. */
  readonly runningIn: number | null
  /** Workers that computed something in the last minutes, latest first. */
  readonly workers: readonly RecentWork[]
  /** Seconds, at the pace since this server started; null if unknown. */
  readonly secondsLeft: number | null
}

export interface ItemView {
  readonly item: number
  readonly query: string
  readonly answer: string
  readonly demonstrations: readonly Demonstration[]
  readonly dummyQueries: readonly string[]
  readonly predictions: readonly (Pick<
    ItemRow,
    'kind' | 'layer' | 'prediction' | 'answerLogProb' | 'answerRank'
  > & { readonly correct: boolean })[]
}

export interface ItemPage {
  readonly split: Split
  readonly items: readonly ItemView[]
  /** Number of items that pass the filters. */
  readonly all: number
  readonly perPage: number
}

/** What a playground request may name: the sweep's own models and tasks first, then those that come with taskvec. */
export interface PlaygroundChoices {
  readonly models: readonly string[]
  /** The sweep's models that are not on this machine. */
  readonly absent: readonly string[]
  readonly tasks: readonly string[]
  /** Of the sweep's tasks, where its config gives one. */
  readonly labels: Readonly<Record<string, string>>
  readonly prompts: readonly string[]
  /** Of the library (docs/vectors.md). */
  readonly vectors: readonly string[]
  /** The sweep's. */
  readonly demonstrations: number
  readonly prompt: string
}

/** Answers by θ of a task or of pairs, or to a prompt with or without vectors patched in. */
export type PlaygroundAnswer = TaskVectorAnswer | Extract<PredictAnswer, { readonly tokens: unknown }>
