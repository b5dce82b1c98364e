/**
 * The best L of the prepared task `p` in SQL, as in the view `results`. Null if no dev item was correct at any L: results "at the best
 * L" are then at L = 0 (`prepared_tasks.best_layer`), which is not a finding.
 */
export const bestLayerOfTask = `case when exists (select 1 from cells dev where dev.sweep_id = p.sweep_id
  and dev.model_id = p.model_id and dev.task_id = p.task_id and dev.correct > 0) then p.best_layer end`
