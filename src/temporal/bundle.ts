import type { WorkflowBundleOption } from '@temporalio/worker'
import { built } from '../system/built.js'

/** Fail workflows on any error: by default, errors in workflow code and histories that do not replay are retried forever. */
export const workflowFailureErrorTypes = { '*': ['Error'] }

/** The workflow code for a worker, bundled at build time, since bundling takes seconds. */
export function workflowBundle(): WorkflowBundleOption {
  return { codePath: built('workflow-bundle.js') }
}
