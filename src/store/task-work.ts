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
 * The runs of a large task, computed and stored part by part. Until its last part is stored, a run has the key `partial <key>`, so that
 * readers of results do not see it; a stopped sweep resumes after the stored parts.
 */

/** The work of one activity, and its inputs besides the model. */
export interface TaskPart {
  /** Unique within the task. */
  readonly name: string
  readonly activity: 'runBaseline' | 'runDev' | 'runTest'
  readonly modelHash: string
  readonly numerics: NumericsJson
  readonly scoring: Scoring
  readonly items: readonly Item[]
  readonly layersTogether: readonly number[]
  /** θ given by the config. */
  readonly theta?: GivenTheta
  readonly part: {
    readonly first: number
    readonly of: number
    /** f64 little-endian, base64, `[d_model]`: the sum of θ over the items before. */
    readonly thetaSum?: string
  }
}
