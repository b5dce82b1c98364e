/**
 * The best L of the prepared task `p`, in SQL: as the view `results` has it. Null where no dev item was right at any L. What was
 * computed at "the best L" is then of L = 0 (`prepared_tasks.best_layer`), which is no finding.
 */
export const bestLayerOfTask = `case when exists (select 1 from cells dev where dev.sweep_id = p.sweep_id
  and dev.model_id = p.model_id and dev.task_id = p.task_id and dev.correct > 0) then p.best_layer end`
