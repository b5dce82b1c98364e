import { z } from 'zod'
import { figurePerModel } from '../../figures/section.js'
import { beyond } from '../../store/schema/views.js'
import { passesOf, type Experiment } from '../experiment.js'
import { count } from '../settings.js'
import { perTask, scoredUnit, testItemsOf } from '../task-units.js'
import { byLayer } from './by-layer.js'
import { stateVectors as run } from './forward-passes.js'

const settings = z
  .strictObject({
    /** Test items, the first ones. */
    items: count.default(50),
    /** How many of a prompt's k + 1 last states are averaged; absent: 7 of 11, as in Li et al. */
    last: count.optional(),
  })
  .transform(({ last = null, ...rest }) => ({ ...rest, last }))

type Settings = z.output<typeof settings>

const passes = passesOf('stateVectors', 'state vectors', run)

/** θ built as a state vector (Li et al. 2024); its rows are in the view `beyond`. */
export const stateVectors: Experiment<Settings> = {
  name: 'stateVectors',
  settings,
  units: (given, tasks) => perTask('state_vectors', tasks, given),
  kinds: {
    state_vectors: scoredUnit(
      passes,
      ({ step }, { last: asked }: Settings) => {
        const states = 1 + Math.max(...step.items.map(({ demonstrations }) => demonstrations.length))
        const last = Math.min(states, asked ?? Math.round((7 / 11) * states))
        return { identity: { last }, input: { ...step, last } }
      },
      testItemsOf('stateVectors'),
    ),
  },
  section: {
    id: 'state-vectors',
    title: 'θ and state vectors',
    units: ['state_vectors'],
    blocks(rows) {
      const scores = rows.of(beyond, {
        columns: ['model', 'task', 'setting', 'layer', 'accuracy'],
        order: ['setting', 'task', 'layer'],
        where: { analysis: ['state_vectors'] },
      })
      return figurePerModel(scores, byLayer)
    },
  },
}
