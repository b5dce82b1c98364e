import { z } from 'zod'
import { figurePerModel } from '../../figures/section.js'
import { unitScores } from '../../store/schema/units.js'
import { beyond } from '../../store/schema/views.js'
import { onlyStep, passesOf, passesStep, type Experiment, type UnitKind } from '../experiment.js'
import { scoreRows } from '../scores.js'
import { count } from '../settings.js'
import { commonIdentity, hashOf, perTask, taskStep, testItemsOf } from '../task-units.js'
import { byTask } from './by-task.js'
import { learnedTheta as run } from './forward-passes.js'

const settings = z.strictObject({
  /** Test items, the first ones. */
  items: count.default(50),
  /** Dev items that θ is learned from, the first ones. */
  devItems: count.min(2).default(50),
  /** Directions in which θ moves, besides its own. */
  directions: z.int().min(1).max(64).default(8),
  generations: z.int().min(1).max(1000).default(20),
})

type Settings = z.output<typeof settings>

const passes = passesOf('learnedTheta', 'learned θ', run)

const ofOneTask: UnitKind<Settings> = {
  passes: [passes],
  table: unitScores,
  hands: ({ items, devItems }) => [
    ...testItemsOf('learnedTheta')({ items }),
    { setting: 'learnedTheta: devItems', split: 'dev', items: devItems },
  ],
  plan({ place, task, seed }, { items: tested, devItems, directions, generations }) {
    const of = task(place.task)
    const [items, dev] = [of.items('test', tested), of.items('dev', devItems)]
    const { bestLayer: layer, modelHash } = of
    const rest = { layer, directions, generations, seed }
    return {
      identity: { ...commonIdentity(of), items: hashOf(items), dev: hashOf(dev), ...rest },
      modelHash,
      next: onlyStep(
        unitScores,
        passesStep('learn', passes, { ...taskStep(of, items), dev, ...rest }, scoreRows),
      ),
    }
  },
}

/** One θ of a task, learned on its dev items without gradients; its rows are in the view `beyond`. */
export const learnedTheta: Experiment<Settings> = {
  name: 'learnedTheta',
  settings,
  units: (given, tasks) => perTask('learned_theta', tasks, given),
  kinds: { learned_theta: ofOneTask },
  section: {
    id: 'learned-theta',
    title: 'θ, learned',
    units: ['learned_theta'],
    blocks(rows) {
      const scores = rows.of(beyond, {
        columns: ['model', 'task', 'setting', 'layer', 'items', 'correct'],
        order: ['task', 'setting'],
        where: { analysis: ['learned_theta'] },
      })
      return figurePerModel(scores, byTask)
    },
  },
}
