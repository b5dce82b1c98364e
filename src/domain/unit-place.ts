/** What workflows need to know of experiments. Types and names only; safe to import inside workflows. */

/** An entry of a config's `experiments:` after `main`, defaults filled in by that experiment's own schema. */
export interface ChosenExperiment {
  readonly experiment: string
}

/** A piece of an experiment that is computed and stored as a whole (src/store/experiment-units.ts). */
export interface UnitPlace {
  readonly sweepId: string
  readonly model: string
  readonly experiment: string
  /** '' if it covers all of a model's tasks together. */
  readonly task: string
  /** The task B of a conflicting pair; else ''. */
  readonly thetaTask: string
}

/** Identifies a unit within its sweep and model. */
export function unitName({ experiment, task, thetaTask }: Omit<UnitPlace, 'sweepId' | 'model'>): string {
  return [experiment, task, thetaTask].join(' ')
}

/** The cost of a step; stored beside its result. */
export interface Timing {
  /** Time in the engine, or in the process of an analysis. */
  readonly seconds: number
  /** Host and process. */
  readonly computedBy: string
}
