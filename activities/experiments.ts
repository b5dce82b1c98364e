import type { ComputeSteps } from '../src/domain/experiments.js'
import type { Engine, EvaluateOptions } from '../src/engine/engine.js'
import { addition } from '../src/experiments/addition.js'
import { conflictingTasks } from '../src/experiments/conflicting-tasks.js'
import { decodabilityThetas } from '../src/experiments/decodability.js'
import { demonstrationSets } from '../src/experiments/demonstration-sets.js'
import { layerTransfer } from '../src/experiments/layer-transfer.js'
import { multiContext } from '../src/experiments/multi-context.js'
import { robustnessLayers, robustnessThetas } from '../src/experiments/robustness.js'
import { templateTransfer } from '../src/experiments/template-transfer.js'
import { vocabularyProjection } from '../src/experiments/vocabulary-projection.js'

/** The further experiments' forward passes, an activity each. */
type Experiments = {
  [Name in keyof ComputeSteps]: (
    engine: Engine,
    input: ComputeSteps[Name]['input'],
    options: EvaluateOptions,
  ) => Promise<ComputeSteps[Name]['result']>
}

export type ExperimentActivities = {
  [Name in keyof ComputeSteps]: (input: ComputeSteps[Name]['input']) => Promise<ComputeSteps[Name]['result']>
}

export const experiments: Experiments = {
  robustnessLayers,
  robustnessThetas,
  conflictingTasks,
  vocabularyProjection,
  demonstrationSets,
  multiContext,
  layerTransfer,
  templateTransfer,
  addition,
  decodabilityThetas,
}

/** How the display names each. */
export const phaseOf: Readonly<Record<keyof ComputeSteps, string>> = {
  robustnessLayers: 'robustness (layers)',
  robustnessThetas: 'robustness (θ)',
  conflictingTasks: 'conflicting',
  vocabularyProjection: 'projection',
  demonstrationSets: 'demonstration sets',
  multiContext: 'multi-context',
  layerTransfer: 'layer transfer',
  templateTransfer: 'template transfer',
  addition: 'addition',
  decodabilityThetas: 'decodability (θ)',
}
