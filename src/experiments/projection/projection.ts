import type { Projection, ProjectionResult } from '../../domain/experiments.js'
import { commonIdentity, firstItems, hasRows, preparedTask, taskStep } from '../../store/unit-inputs.js'
import type { UnitKind } from '../../store/experiment-units.js'

/** The mean θ of the test items through the unembedding, for every L. */
export const projection: UnitKind = {
  plan(db, place, settings) {
    const { top } = settings as Projection
    const prepared = preparedTask(db, place.sweepId, place.model, place.task)
    return {
      identity: { ...commonIdentity(prepared), items: prepared.row.test_items, top },
      modelHash: prepared.row.model_hash,
      next(runId) {
        if (hasRows(db, 'projection_scores', runId)) return null
        const items = firstItems(db, prepared, 'test', -1)
        const input = { ...taskStep(place, prepared, items), top }
        return { name: 'project', step: { activity: 'vocabularyProjection', input } }
      },
    }
  },
  record(db, runId, result) {
    for (const { layer, tokens, ...scores } of (result as ProjectionResult).layers) {
      tokens.forEach(({ token, text, logProb }, i) =>
        db.run(
          'insert into projection_tokens (run_id, layer, rank, token, text, log_prob) values (?, ?, ?, ?, ?, ?)',
          [runId, layer, i + 1, token, text, logProb],
        ),
      )
      const { items, meanRank, meanLogProb, top1, top20, top100 } = scores
      db.run(
        'insert into projection_scores (run_id, layer, items, mean_rank, mean_log_prob, top1, top20, top100) values (?, ?, ?, ?, ?, ?, ?, ?)',
        [runId, layer, items, meanRank, meanLogProb, top1, top20, top100],
      )
    }
  },
}
