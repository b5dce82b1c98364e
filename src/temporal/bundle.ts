import type { WorkflowBundleOption } from '@temporalio/worker'
import { built } from '../system/built.js'

/** By default an error in workflow code, or a history that it cannot replay, would be retried forever. */
export const workflowFailureErrorTypes = { '*': ['Error'] }

/** The workflow code for a worker, made at build time: bundling takes seconds. */
export function workflowBundle(): WorkflowBundleOption {
  return { codePath: built('workflow-bundle.js') }
}
