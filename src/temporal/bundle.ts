import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker'
import { projectRoot } from '../system/home.js'

/** By default an error of a workflow's own code, or a history that it cannot follow, would be tried again for ever. */
export const workflowFailureErrorTypes = { '*': ['Error'] }

const prebuilt = join(projectRoot(), 'dist', 'workflow-bundle.js')

/** The workflow code for a worker: made at build time, since bundling takes seconds; from source in development. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  const fromSource = import.meta.url.endsWith('.ts')
  return !fromSource && existsSync(prebuilt) ? { codePath: prebuilt } : { code: await bundle() }
}

async function bundle(): Promise<string> {
  const workflowsPath = join(projectRoot(), 'workflows', 'index.ts')
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath: join(projectRoot(), 'workflows', 'payload-limit.ts'),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.error, error: console.error },
  })
  return code
}

// `npm run build` runs this file.
if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(prebuilt, await bundle())
