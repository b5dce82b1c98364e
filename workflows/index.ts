/** What the worker bundles. */
export { sweepWorkflow } from './sweep.js'
export { modelWorkflow } from './model.js'
export { taskWorkflow } from './task.js'
export { experimentsWorkflow } from './experiments.js'
