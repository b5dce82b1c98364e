import type { RunKind, Split } from '../domain/types.js'

/** What the server answers and the page reads, as JSON. */

export interface SweepLine {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly createdAt: string
  readonly finishedAt: string | null
}

/** One field of the heat map: a (model, task) of the sweep. */
export interface Field {
  readonly model: string
  readonly task: string
  readonly cellsDone: number
  /** 0 until the task has been prepared. */
  readonly cellsAll: number
  readonly complete: boolean
  readonly bestLayer: number | null
  readonly baseline: number | null
  readonly hypothesis: number | null
  readonly regular: number | null
  readonly failed: boolean
}

export interface SweepView extends SweepLine {
  readonly config: string
  readonly models: readonly string[]
  readonly tasks: readonly string[]
  readonly fields: readonly Field[]
  readonly furtherDone: number
  readonly furtherAll: number
  readonly failures: readonly {
    readonly model: string
    readonly task: string
    readonly experiment: string
    readonly code: string
    readonly message: string
    readonly attempts: number
  }[]
  readonly warnings: readonly { readonly model: string; readonly warning: string }[]
  /** The process that is running a sweep with this database; null where none is. */
  readonly runningIn: number | null
  /** What computed something in the last minutes, the latest first. */
  readonly workers: readonly Worker[]
  /** At the pace since this page's server began to look, s; null where that is not known. */
  readonly secondsLeft: number | null
}

export interface Worker {
  readonly computedBy: string
  readonly model: string
  readonly task: string
  readonly work: string
  readonly finishedAt: string
  readonly engineSeconds: number
}

export interface ItemView {
  readonly item: number
  readonly query: string
  readonly answer: string
  readonly demonstrations: readonly { readonly input: string; readonly output: string }[]
  readonly dummyQueries: readonly string[]
  readonly predictions: readonly {
    readonly kind: RunKind
    readonly layer: number | null
    readonly prediction: string
    readonly correct: boolean
    /** Natural logarithm, of the answer's first token. */
    readonly answerLogProb: number
    readonly answerRank: number
  }[]
}

export interface ItemPage {
  readonly split: Split
  readonly items: readonly ItemView[]
  readonly all: number
}

export interface PlaygroundChoices {
  readonly models: readonly string[]
  readonly tasks: readonly string[]
}

export interface PlaygroundAnswer {
  readonly regular: string
  readonly baseline: string
  readonly hypothesis: readonly {
    readonly layer: number
    readonly prediction: string
    /** Of θ itself, read as a state before the unembedding. */
    readonly likeliest: readonly string[]
  }[]
  readonly demonstrations: readonly { readonly input: string; readonly output: string }[]
  readonly dummyQueries: readonly string[]
}
