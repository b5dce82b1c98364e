// `npm run build`: the program, the workflow code and the page, into dist/. Types are checked by `npm run typecheck`.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { licensesOf } from './licenses.js'
import { root, stampBuild } from './prepare.js'

const dist = join(root, 'dist')
const workflows = join(root, 'workflows', 'index.ts')
const payloadConverter = join(root, 'workflows', 'payload-limit.ts')
const workflowBundle = join(dist, 'workflow-bundle.js')
const workflowStamp = join(dist, '.workflow-inputs')

mkdirSync(dist, { recursive: true })
for (const name of readdirSync(dist))
  if (![workflowBundle, workflowStamp].includes(join(dist, name)))
    rmSync(join(dist, name), { recursive: true })
const [files, pageFiles] = await Promise.all([program(), page(), workflowCode()])
writeFileSync(join(dist, 'licenses.txt'), licensesOf([...files, ...pageFiles]))
stampBuild()

/**
 * Each file that is started as a process or a thread, and their shared code; all in one folder, so that they find each other.
 * Bundled with the packages that they use: a command that loads them file by file takes one and a half times as long to start.
 * Packages with compiled code stay outside, as do Temporal's, which start threads from their own files.
 */
async function program() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      main: 'src/cli/main.ts',
      start: 'src/cli/start.ts',
      'engine-child': 'src/engine/engine-child.ts',
      'sql-child': 'src/store/sql-child.ts',
      'analysis-process': 'activities/analysis-process.ts',
    },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20.19' },
    external: ['@resvg/resvg-js', '@temporalio/*', 'better-sqlite3', 'onnxruntime-node'],
    // For bundled CommonJS.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)`,
    },
    ...{ sourcemap: true, metafile: true, outdir: dist, logLevel: 'warning' },
  })
  return Object.keys(metafile.inputs)
}

async function page() {
  const folder = 'src/serve/page'
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      page: `${folder}/main.tsx`,
      style: `${folder}/style.css`,
      index: `${folder}/index.html`,
    },
    ...{ bundle: true, minify: true, jsx: 'automatic', jsxImportSource: 'preact' },
    ...{ loader: { '.html': 'copy' }, metafile: true, outdir: join(dist, 'page'), logLevel: 'warning' },
  })
  return Object.keys(metafile.inputs)
}

/** By the SDK's bundler, which takes seconds, so only if a file that it reads has changed. */
async function workflowCode() {
  const inputs = await workflowInputs()
  if (existsSync(workflowBundle) && existsSync(workflowStamp)) {
    if (readFileSync(workflowStamp, 'utf8') === inputs) return
  }
  const { bundleWorkflowCode } = await import('@temporalio/worker')
  const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn: console.error, error: console.error }
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflows,
    payloadConverterPath: payloadConverter,
    logger: quiet,
  })
  writeFileSync(workflowBundle, code)
  writeFileSync(workflowStamp, inputs)
}

async function workflowInputs() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [workflows, payloadConverter],
    ...{ bundle: true, write: false, metafile: true, packages: 'external', outdir: dist, logLevel: 'silent' },
  })
  const digest = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  for (const file of Object.keys(metafile.inputs).sort()) digest.update(readFileSync(join(root, file)))
  return digest.digest('hex')
}
