import { z } from 'zod'
import { figurePerModel } from '../../figures/section.js'
import { count } from '../settings.js'
import {
  onlyStep,
  passesOf,
  passesStep,
  rowsOf,
  type Experiment,
  type NewUnit,
  type UnitKind,
} from '../experiment.js'
import { withShuffledLabels } from '../shuffled-labels.js'
import { commonIdentity, hashOf, perTask, taskStep } from '../task-units.js'
import { effectsByLayer } from './by-layer.js'
import { mediationEffects as effectsOf, mediators, type MediationResult } from './forward-passes.js'
import { headMap } from './head-map.js'
import { mediationEffects, mediationMeansView, mediationView } from './tables.js'

const settings = z.strictObject({
  /** Number of prompts with shuffled labels, of the first dev items. */
  items: count.default(25),
  /** Number of clean prompts over which means are taken, of the first dev items. */
  prompts: count.default(100),
  components: z
    .array(z.enum(mediators))
    .min(1)
    .default(['heads', 'attention', 'mlp'])
    .refine((names) => new Set(names).size === names.length, 'a component is named twice'),
})

type Settings = z.output<typeof settings>

const passes = passesOf('mediationEffects', 'mediation', effectsOf)

const ofOneTask: UnitKind<Settings> = {
  passes: [passes],
  table: mediationEffects,
  hands: ({ items, prompts }) => [
    { setting: 'mediation: items', split: 'dev', items },
    { setting: 'mediation: prompts', split: 'dev', items: prompts },
  ],
  plan({ place, task, seed }, { items: asked, prompts, components }) {
    const of = task(place.task)
    const clean = of.items('dev', prompts)
    const items = withShuffledLabels(of.items('dev', asked), seed, place.task)
    return {
      identity: { ...commonIdentity(of), clean: hashOf(clean), items: hashOf(items), components, seed },
      modelHash: of.modelHash,
      next: onlyStep(
        mediationEffects,
        passesStep('effects', passes, { ...taskStep(of, items), clean, components, seed }, effectRows),
      ),
    }
  },
  check(stored) {
    const heads = stored.all(mediationEffects).filter(({ component }) => component === 'heads')
    return heads.some(({ head }) => head < 0) ? 'an effect of component heads names no head' : null
  },
}

function effectRows({ effects, ...ofAll }: MediationResult) {
  return [
    rowsOf(
      mediationEffects,
      effects.map(({ head, ...effect }) => ({ ...effect, ...ofAll, head: head ?? -1 })),
    ),
  ]
}

/** The units of mediation, from which function vectors are also made. */
export function mediationUnits(given: Settings, tasks: readonly string[]): NewUnit[] {
  return perTask('mediation', tasks, given)
}

export const defaultMediation = settings.parse({})

/** Which heads, layers and MLPs write the task (Todd et al. 2023, section 2.3). */
export const mediation: Experiment<Settings> = {
  name: 'mediation',
  settings,
  units: mediationUnits,
  kinds: { mediation: ofOneTask },
  tables: {
    mediation: {
      view: mediationView,
      columns: ['model', 'task', 'component', 'layer', 'head', 'effect', 'low', 'high', 'items'],
      order: ['task', 'component', 'layer', 'head'],
      averaged: ['effect'],
    },
    'mediation-means': {
      view: mediationMeansView,
      columns: ['model', 'component', 'layer', 'head', 'effect', 'low', 'high', 'tasks'],
      filters: ['model', 'layer'],
      order: ['component', 'layer', 'head'],
    },
  },
  section: {
    id: 'mediation',
    title: 'Where θ comes from',
    units: ['mediation'],
    blocks(rows) {
      const effects = rows.of(mediationView, {
        columns: [
          ...(['model', 'task', 'component', 'layer', 'head'] as const),
          ...(['effect', 'low', 'high', 'items', 'clean', 'shuffled'] as const),
        ],
        order: ['task', 'component', 'layer', 'head'],
      })
      return [...figurePerModel(effects, headMap), ...figurePerModel(effects, effectsByLayer)]
    },
  },
}
