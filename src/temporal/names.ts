/** All queue names and workflow ids. Safe inside workflows. */

/** Queue of a database's workflows and store activities, polled by its single writer. `store` names the database. */
export function storeQueue(store: string): string {
  return `taskvec-store-${store}`
}

/** Queue of analyses of a database's stored θ, polled beside the database. */
export function analysisQueue(store: string): string {
  return `taskvec-analysis-${store}`
}

/** Queue of a model id, whatever the content: where a sweep first asks what workers have. */
export function modelQueue(model: string): string {
  return `taskvec-model-${model}`
}

/** Queue of compute activities for a model with this content; workers with other files under the same id do not poll it. */
export function contentQueue(model: string, modelHash: string): string {
  return `${modelQueue(model)}-${modelHash.slice(0, 16)}`
}

export function sweepWorkflowId(store: string, sweepId: string): string {
  return `taskvec/${store}/${sweepId}`
}

export function modelWorkflowId(store: string, sweepId: string, model: string): string {
  return `${sweepWorkflowId(store, sweepId)}/${model}`
}

export function taskWorkflowId(store: string, sweepId: string, model: string, task: string): string {
  return `${modelWorkflowId(store, sweepId, model)}/${task}`
}

/** Id of the workflow of a task's further experiments; task '': of those over several tasks. */
export function experimentsWorkflowId(store: string, sweepId: string, model: string, task: string): string {
  return `${modelWorkflowId(store, sweepId, model)}/experiments/${task}`
}
