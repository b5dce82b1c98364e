import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ListFileEntry } from '@huggingface/hub'
import { TaskvecError } from '../domain/errors.js'
import { readableSize } from './free-space.js'
import type { Fetch } from './fetch.js'
import { type Repository, mayPass, refusal, reasonOf } from './hub-repository.js'

/** Maximum number of consecutive attempts without a byte; a long download may be interrupted more often. */
const fruitlessTries = 4

/** A file as the repository lists it. */
export interface RemoteFile {
  readonly name: string
  readonly bytes: number
  /** sha256 of the content for large files, which are outside git; git's blob hash for those within it. */
  readonly hash: { readonly kind: 'sha256' | 'git'; readonly hex: string }
}

/** Errors: DOWNLOAD if the listing is malformed. */
export function remoteFile({ path: name, size: bytes, lfs, oid }: ListFileEntry): RemoteFile {
  const hex = lfs?.oid ?? oid ?? ''
  if (!Number.isSafeInteger(bytes) || bytes < 0 || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex))
    throw new TaskvecError('DOWNLOAD', `Hugging Face: ${name}: listed with size ${bytes} and hash "${hex}"`)
  return { name, bytes, hash: { kind: lfs ? 'sha256' : 'git', hex } }
}

/** Downloads a file, resuming an interrupted try, and returns its sha256. Errors: DOWNLOAD. */
export async function fetchFile(
  repository: Repository,
  file: RemoteFile,
  target: string,
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<string> {
  // Named after its hash: a part of another version of the file is never continued.
  const part = join(dirname(target), `${file.hash.hex}.part`)
  let fruitless = 0
  while (sizeOf(part) !== file.bytes) {
    const before = sizeOf(part)
    try {
      await append(repository, file, part, context)
    } catch (error) {
      if (sizeOf(part) > file.bytes) rmSync(part)
      fruitless = sizeOf(part) > before ? 0 : fruitless + 1
      const failure = refusal('Hugging Face', file.name, error)
      if (context.signal.aborted || !mayPass(error) || fruitless === fruitlessTries) throw failure
      const text = `${file.name}: cut off (${reasonOf(error)}); resuming from ${readableSize(sizeOf(part))}`
      context.report({ kind: 'step', text })
      await sleep(500 * 2 ** fruitless, undefined, { signal: context.signal })
    }
  }
  const sha256 = await matching(part, file)
  if (sha256 !== null) {
    renameSync(part, target)
    return sha256
  }
  rmSync(part, { force: true })
  throw new TaskvecError(
    'DOWNLOAD',
    `Hugging Face: ${file.name}: its hash differs from the one that the repository records: it was altered on the way`,
    { hint: 'Try again; if it persists, something between here and Hugging Face changes the file.' },
  )
}

async function append(
  repository: Repository,
  file: RemoteFile,
  part: string,
  context: Pick<Fetch, 'report' | 'signal'>,
): Promise<void> {
  let done = sizeOf(part)
  const blob = await repository.file(file.name)
  if (blob?.size !== file.bytes) {
    const offered = blob ? `${blob.size} bytes` : 'nothing'
    throw new TaskvecError(
      'DOWNLOAD',
      `Hugging Face: ${file.name}: ${offered} offered, ${file.bytes} bytes listed`,
    )
  }
  const count = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      done += chunk.length
      context.report({ kind: 'bytes', file: file.name, done, total: file.bytes })
      next(done > file.bytes ? new Error('the host sent more bytes than requested') : null, chunk)
    },
  })
  const body = Readable.fromWeb(blob.slice(done).stream())
  await pipeline(body, count, createWriteStream(part, { flags: 'a' }), { signal: context.signal })
}

/** The sha256 of the file at `path` if it is the listed one, else null. */
export async function matching(path: string, { bytes, hash }: RemoteFile): Promise<string | null> {
  if (statSync(path, { throwIfNoEntry: false })?.size !== bytes) return null
  const sha256 = createHash('sha256')
  // Git hashes a header, then the content.
  const git = createHash('sha1').update(`blob ${bytes}\0`)
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    sha256.update(chunk as Buffer)
    if (hash.kind === 'git') git.update(chunk as Buffer)
  }
  const digest = sha256.digest('hex')
  return (hash.kind === 'git' ? git.digest('hex') : digest) === hash.hex ? digest : null
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
