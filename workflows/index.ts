/** All workflows, as bundled for the worker. */
export { sweepWorkflow } from './sweep.js'
export { modelWorkflow } from './model.js'
export { taskWorkflow } from './task.js'
export { experimentsWorkflow } from './experiments.js'
