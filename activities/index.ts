/** All activities. Workflows import their types only. */
export { createComputeActivities, type ComputeActivities, type ExperimentActivities } from './compute.js'
export type { ComputeObserver, Work, WorkPlace } from './with-engine.js'
export { createStoreActivities, type StoreActivities, type StoreObserver } from './store.js'
export { createAnalysisActivities, type AnalysisActivities } from './analysis.js'
