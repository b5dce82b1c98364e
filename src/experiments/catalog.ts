import type { ChosenExperiment } from '../domain/unit-place.js'
import { attention } from './attention/attention.js'
import { beyond } from './beyond/beyond.js'
import { conflicting } from './conflicting/conflicting.js'
import type { Analysis, Experiment, ForwardPasses, NewUnit, UnitKind } from './experiment.js'
import { functionVectors } from './function-vectors/function-vectors.js'
import { learnedTheta } from './learned-theta/learned-theta.js'
import { main } from './main/main.js'
import { mediation } from './mediation/mediation.js'
import { projection } from './projection/projection.js'
import { robustness } from './robustness/robustness.js'
import { stateVectors } from './state-vectors/state-vectors.js'
import { storedThetas } from './stored-thetas/stored-thetas.js'
import type { ResultTable } from './sweep-rows.js'
import { transfer } from './transfer/transfer.js'

/** Every experiment, in the report's order: the only list. */
export const experiments: readonly Experiment[] = [
  main,
  robustness,
  conflicting,
  projection,
  mediation,
  functionVectors,
  attention,
  stateVectors,
  learnedTheta,
  beyond,
  transfer,
  storedThetas,
]

/** By the column `experiment` of `units`. */
export const unitKinds: Readonly<Record<string, UnitKind>> = Object.fromEntries(
  experiments.flatMap(({ kinds = {} }) => Object.entries(kinds)),
)

const kinds = Object.values(unitKinds)

/** By the name of their activity. */
export const forwardPasses: Readonly<Record<string, ForwardPasses>> = Object.fromEntries(
  kinds.flatMap(({ passes = [] }) => passes.map((each) => [each.activity, each])),
)
export const analyses: Readonly<Record<string, Analysis>> = Object.fromEntries(
  kinds.flatMap(({ analyses = [] }) => analyses.map((each) => [each.activity, each])),
)

/** By the name that `taskvec results --table` takes. */
export const resultTables: Readonly<Record<string, ResultTable>> = Object.fromEntries(
  experiments.flatMap(({ tables = {} }) => Object.entries(tables)),
)

/** The units of a config's further experiments. An experiment may include another's units; if both are configured, the other's own settings win. */
export function unitsOf(chosen: readonly ('main' | ChosenExperiment)[], tasks: readonly string[]): NewUnit[] {
  const units = new Map<string, NewUnit>()
  const bringsOthers = (unit: NewUnit, experiment: string) =>
    Number(experiments.find(({ name }) => name === experiment)?.kinds?.[unit.experiment] === undefined)
  const further = chosen.filter((each) => each !== 'main')
  const all = further.flatMap(({ experiment, ...settings }) => {
    const made = experiments.find(({ name }) => name === experiment)?.units?.(settings, tasks) ?? []
    return made.map((unit) => ({ unit, others: bringsOthers(unit, experiment) }))
  })
  for (const { unit, others } of all) {
    const name = [unit.experiment, unit.task, unit.thetaTask].join('\n')
    if (!others || !units.has(name)) units.set(name, unit)
  }
  return [...units.values()]
}
