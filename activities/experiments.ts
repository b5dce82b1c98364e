import type { ComputeSteps } from '../src/domain/experiments.js'
import type { Engine, EvaluateOptions } from '../src/engine/engine.js'
import { addition } from '../src/experiments/addition/forward-passes.js'
import { conflictingTasks } from '../src/experiments/conflicting/forward-passes.js'
import { decodabilityThetas } from '../src/experiments/decodability/forward-passes.js'
import { demonstrationSets } from '../src/experiments/demonstration-sets/forward-passes.js'
import { layerTransfer } from '../src/experiments/layer-transfer/forward-passes.js'
import { multiContext } from '../src/experiments/multi-context/forward-passes.js'
import { robustnessLayers, robustnessThetas } from '../src/experiments/robustness/forward-passes.js'
import { templateTransfer } from '../src/experiments/template-transfer/forward-passes.js'
import { vocabularyProjection } from '../src/experiments/projection/forward-passes.js'

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
