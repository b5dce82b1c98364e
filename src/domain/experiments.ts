import type { Item, Predictions, Scoring } from './types.js'

/**
 * The experiments after the main one: what a config says of them, and the steps in which they are computed. Safe to
 * import inside workflows.
 */

/** As resolved from a config, defaults filled in (docs/protocol.md; docs/experiments.md). */
export type FurtherExperiment = Robustness | Conflicting | Projection | Beyond

export interface Robustness {
  readonly experiment: 'robustness'
  readonly demonstrations: number
  /** θ per task. */
  readonly thetas: number
  readonly devItems: number
  /** The layers L to choose among, both included; null: the authors' 10..19 of 32, scaled to the model. */
  readonly layers: { readonly from: number; readonly to: number } | null
}

export interface Conflicting {
  readonly experiment: 'conflicting'
  /** [A, B]: A gives the demonstrations, B gives θ. */
  readonly pairs: readonly (readonly [string, string])[]
  readonly demonstrations: number
  readonly items: number
}

export interface Projection {
  readonly experiment: 'projection'
  readonly top: number
}

export interface Beyond {
  readonly experiment: 'beyond'
  /** Test items at most that each of them uses. */
  readonly items: number
  /** Numbers n of demonstration sets that θ is averaged over; empty: not done. */
  readonly demonstrationSets: readonly number[]
  readonly multiContext: boolean
  /** Of the layers, every how many-th is source and target; null: not done. */
  readonly layerTransfer: { readonly every: number } | null
  /** Prompts of the query alone, with {x} where it stands; empty: not done. */
  readonly templateTransfer: readonly string[]
  readonly addition: boolean
  /** θ per task and layer; null: not done. */
  readonly decodability: { readonly thetas: number } | null
}

/** One activity's work on the model's workers. */
export type ComputeStep = {
  [Name in keyof ComputeSteps]: { readonly activity: Name; readonly input: ComputeSteps[Name]['input'] }
}[keyof ComputeSteps]

/** What each such activity takes and gives. */
export interface ComputeSteps {
  robustnessLayers: { input: TaskStep & Layers; result: Scores }
  robustnessThetas: {
    input: TaskStep & { readonly layer: number; readonly firstItem: number }
    result: Thetas
  }
  conflictingTasks: { input: ConflictingStep; result: ConflictingResult }
  vocabularyProjection: { input: TaskStep & { readonly top: number }; result: ProjectionResult }
  demonstrationSets: {
    input: TaskStep & {
      readonly pool: readonly Item[]
      readonly sets: readonly number[]
      readonly layer: number
    }
    result: Scores
  }
  multiContext: { input: TaskStep; result: Scores }
  layerTransfer: { input: TaskStep & Layers; result: Scores }
  templateTransfer: {
    input: TaskStep & { readonly templates: readonly string[]; readonly layer: number }
    result: Scores
  }
  addition: { input: TaskStep; result: Scores }
  decodabilityThetas: { input: TaskStep & Layers & { readonly firstItem: number }; result: Thetas }
}

/** One activity's work beside the database, on θ that are stored there. */
export type AnalysisStep = {
  [Name in keyof AnalysisSteps]: { readonly activity: Name; readonly input: AnalysisInput }
}[keyof AnalysisSteps]

export interface AnalysisSteps {
  separateTasks: { input: AnalysisInput; result: SeparationResult }
  decodeTasks: { input: AnalysisInput; result: Scores }
}

export interface AnalysisInput {
  readonly seed: number
  /** The unit runs that hold each task's θ. */
  readonly thetas: readonly { readonly task: string; readonly runId: number }[]
}

export interface TaskStep {
  readonly model: string
  readonly modelHash: string
  /** The numeric set-up that the sweep's results are of, canonical JSON. */
  readonly numerics?: string
  readonly task: string
  readonly scoring: Scoring
  readonly items: readonly Item[]
}

interface Layers {
  /** Layers L, ascending. */
  readonly layers: readonly number[]
}

/** Accuracy and means over some items. */
export interface Score {
  /** The task, where the step is about several. */
  readonly task?: string
  readonly setting: string
  readonly layer: number
  readonly sourceLayer: number
  readonly items: number
  readonly correct: number
  readonly answerLogProb: number | null
  readonly answerRank: number | null
  readonly answerLogitDifference: number | null
}

export interface Scores {
  readonly scores: readonly Score[]
}

export interface Thetas {
  readonly firstItem: number
  readonly layers: readonly number[]
  /** `[items, layers, d_model]`, f32 little-endian. */
  readonly base64: string
}

/** A query of both tasks: S of A, and (S, x') of B. */
export interface ConflictingItem {
  readonly a: Item
  readonly b: Item
}

export interface ConflictingStep {
  readonly model: string
  readonly modelHash: string
  /** A and B, for the progress display. */
  readonly task: string
  readonly scoringA: Scoring
  readonly scoringB: Scoring
  /** Best L of B. */
  readonly layer: number
  readonly items: readonly ConflictingItem[]
}

export interface ConflictingPredictions extends Omit<Predictions, 'correct'> {
  readonly correctA: readonly boolean[]
  readonly correctB: readonly boolean[]
}

export interface ConflictingResult {
  readonly queries: readonly { readonly query: string; readonly answerA: string; readonly answerB: string }[]
  readonly regular: ConflictingPredictions
  readonly conflicting: ConflictingPredictions
}

export interface ProjectionResult {
  readonly layers: readonly {
    readonly layer: number
    /** The likeliest first. */
    readonly tokens: readonly { readonly token: number; readonly text: string; readonly logProb: number }[]
    readonly items: number
    readonly meanRank: number
    readonly meanLogProb: number
    readonly top1: number
    readonly top20: number
    readonly top100: number
  }[]
}

export interface SeparationResult {
  /** 51 edges of the histograms' bins. */
  readonly edges: readonly number[]
  readonly tasks: readonly {
    readonly task: string
    readonly layer: number
    readonly thetas: number
    readonly withinMean: number
    readonly withinSd: number
    readonly betweenMean: number
    readonly betweenSd: number
    readonly purity: number
    readonly silhouette: number
    readonly withinHistogram: readonly number[]
    readonly betweenHistogram: readonly number[]
    /** [x, y] of each θ, by t-SNE. */
    readonly points: readonly (readonly [number, number])[]
  }[]
}

/** What a step took; stands beside its result. */
export interface Timing {
  /** In the engine, or in the process of an analysis. */
  readonly seconds: number
  /** Host and process. */
  readonly computedBy: string
}

/** A piece of an experiment that is computed and stored as a whole (src/store/experiment-units.ts). */
export interface UnitPlace {
  readonly sweepId: string
  readonly model: string
  readonly experiment: string
  /** '' where it is about a model's tasks together. */
  readonly task: string
  /** The task B of a conflicting pair; else ''. */
  readonly thetaTask: string
}

/** Tells it from the others of its sweep and model. */
export function unitName({ experiment, task, thetaTask }: UnitPlace): string {
  return [experiment, task, thetaTask].join(' ')
}
