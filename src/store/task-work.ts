import type { NumericsJson } from '../domain/numerics.js'
import { TaskvecError } from '../domain/errors.js'
import type { RunKind, Split, GivenTheta, Item, Scoring } from '../domain/types.js'
import type { PreparedRow } from './content.js'
import type { TaskPlace } from './prepared-tasks.js'
import type { Statements } from './statements.js'

export interface Work {
  readonly activity: TaskPart['activity']
  readonly split: Split
  readonly layersTogether: readonly number[]
  readonly runs: readonly { readonly kind: RunKind; readonly split: Split; readonly layer: number | null }[]
}

export const baseline: Work = {
  activity: 'runBaseline',
  split: 'baseline',
  layersTogether: [],
  runs: [{ kind: 'baseline', split: 'baseline', layer: null }],
}

export function devWork(db: Statements, { sweepId, model, task }: TaskPlace): Work[] {
  const chunks = db.all(
    'select layers_together as layers from cells where sweep_id = ? and model_id = ? and task_id = ? group by 1 order by min(layer)',
    [sweepId, model, task],
  ) as { layers: string }[]
  return chunks.map(({ layers }) => {
    const layersTogether = layers.split(',').map(Number)
    return {
      activity: 'runDev',
      split: 'dev',
      layersTogether,
      runs: layersTogether.map((layer) => ({ kind: 'hypothesis', split: 'dev', layer })),
    }
  })
}

export function testWork({ best_layer: layer }: PreparedRow): Work {
  if (layer === null) throw new TaskvecError('STORE', 'the best L has not been chosen yet')
  return {
    activity: 'runTest',
    split: 'test',
    layersTogether: [layer],
    runs: [
      { kind: 'regular', split: 'test', layer: null },
      { kind: 'hypothesis', split: 'test', layer },
    ],
  }
}

/**
 * The runs of a large task, computed and stored part by part. Until its last part is there a run stands under
 * `partial <key>`: readers of results by key do not see it, and a stopped sweep resumes after its parts.
 */

/** One activity's work, and what it takes besides the model. */
export interface TaskPart {
  /** Tells it from the task's others. */
  readonly name: string
  readonly activity: 'runBaseline' | 'runDev' | 'runTest'
  readonly modelHash: string
  readonly numerics: NumericsJson
  readonly scoring: Scoring
  readonly items: readonly Item[]
  readonly layersTogether: readonly number[]
  /** Where the config gives θ. */
  readonly theta?: GivenTheta
  readonly part: {
    readonly first: number
    readonly of: number
    /** f64 little-endian, base64, `[d_model]`: the sum of θ over the items before. */
    readonly thetaSum?: string
  }
}
