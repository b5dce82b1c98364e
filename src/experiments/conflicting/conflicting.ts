import type { Conflicting, ConflictingPredictions, ConflictingResult } from '../../domain/experiments.js'
import { TaskvecError } from '../../domain/errors.js'
import { canonicalJson, sha256 } from '../../domain/identity.js'
import { drawConflicting } from './conflicting-items.js'
import type { Statements } from '../../store/statements.js'
import { hasRows, populationOf, preparedTask } from '../../store/unit-inputs.js'
import type { UnitKind } from '../../store/experiment-units.js'

/** S of task A, θ of task B, on queries of both (Table 2). */
export const conflicting: UnitKind = {
  plan(db, place, settings) {
    const { demonstrations, items: count } = settings as Pick<Conflicting, 'demonstrations' | 'items'>
    const { sweepId, model, task, thetaTask } = place
    const a = preparedTask(db, sweepId, model, task)
    const b = preparedTask(db, sweepId, model, thetaTask)
    const items = drawConflicting(
      { id: task, population: populationOf(db, sweepId, task, a) },
      { id: thetaTask, population: populationOf(db, sweepId, thetaTask, b) },
      { ...a.protocol, demonstrations },
      count,
    )
    const layer = b.bestLayer
    const [scoringA, scoringB] = [a.row.scoring, b.row.scoring]
    if (a.row.model_hash !== b.row.model_hash)
      throw new TaskvecError('TASK', `${task} and ${thetaTask} were run on different weights`)
    return {
      identity: {
        numerics: JSON.parse(a.row.numerics) as unknown,
        scoringA,
        scoringB,
        layer,
        items: sha256(canonicalJson(items)),
      },
      modelHash: a.row.model_hash,
      next(runId) {
        if (hasRows(db, 'conflicting_predictions', runId)) return null
        const input = { model, modelHash: a.row.model_hash, task: `${task} with θ of ${thetaTask}` }
        return {
          name: 'answer',
          step: { activity: 'conflictingTasks', input: { ...input, scoringA, scoringB, layer, items } },
        }
      },
    }
  },
  record(db, runId, result) {
    const { regular, conflicting: patched, queries } = result as ConflictingResult
    const save = (kind: string, predictions: ConflictingPredictions) =>
      savePredictions(db, runId, kind, queries, predictions)
    save('regular', regular)
    save('conflicting', patched)
  },
}

function savePredictions(
  db: Statements,
  runId: number,
  kind: string,
  queries: ConflictingResult['queries'],
  predictions: ConflictingPredictions,
): void {
  queries.forEach(({ query, answerA, answerB }, item) =>
    db.run(
      `insert into conflicting_predictions (run_id, kind, item, query, answer_a, answer_b, token, text, correct_a, correct_b,
         answer_log_prob, answer_rank, answer_logit_difference) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        runId,
        kind,
        item,
        query,
        answerA,
        answerB,
        predictions.tokens[item],
        predictions.texts[item],
        Number(predictions.correctA[item]),
        Number(predictions.correctB[item]),
        predictions.answerLogProbs[item],
        predictions.answerRanks[item],
        predictions.answerLogitDifferences[item],
      ],
    ),
  )
}
