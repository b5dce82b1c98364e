/** What workflows may call: their types are all that workflows see. */
export {
  createComputeActivities,
  type ComputeActivities,
  type ComputeObserver,
  type ExperimentActivities,
  type WorkPlace,
  type Work,
} from './compute.js'
export { createStoreActivities, type StoreActivities, type StoreObserver } from './store.js'
export { createAnalysisActivities, type AnalysisActivities } from './analysis.js'
