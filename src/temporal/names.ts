/** The one home of Temporal's strings: queues and workflow ids. Safe inside workflows. */

/** Workflows and store activities of one database: a single writer beside the file. `store` names the database. */
export function storeQueue(store: string): string {
  return `taskvec-store-${store}`
}

/** Computations on the θ of one database, beside it. */
export function analysisQueue(store: string): string {
  return `taskvec-analysis-${store}`
}

/** Activities of one model, whatever its content: what a sweep asks first. */
export function modelQueue(model: string): string {
  return `taskvec-model-${model}`
}

/** Compute activities of one model with this content: those who have it by the same id with other files do not poll it. */
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

/** Of a task's further experiments; task '': of those over several tasks. */
export function experimentsWorkflowId(store: string, sweepId: string, model: string, task: string): string {
  return `${modelWorkflowId(store, sweepId, model)}/experiments/${task}`
}
