import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import { HeaderReader } from './header-reader.js'

/** Location of a file in a zip archive; it is uncompressed, so it can be read in place. */
export interface ZipEntry {
  readonly offset: number
  readonly byteLength: number
}

const endSignature = 0x06054b50
const end64LocatorSignature = 0x07064b50
const end64Signature = 0x06064b50
const entrySignature = 0x02014b50
const localSignature = 0x04034b50

const endBytes = 22
const maxCommentBytes = 65535
const maxEntries = 1_000_000
/** In a 16- or 32-bit field these mean that the value is in the zip64 record instead. */
const [in64Of16, in64Of32] = [0xffff, 0xffffffff]

/**
 * Lists the entries of a zip archive (PKWARE's APPNOTE, zip64 included) as torch.save writes it: stored, not compressed. We
 * parse it ourselves because libraries return contents, not their offsets. Throws WEIGHTS.
 */
export function zipEntries(file: BoundedFile): Map<string, ZipEntry> {
  const directory = findDirectory(file)
  const reader = new HeaderReader(file, file.size, directory.offset)
  const entries = new Map<string, ZipEntry>()
  for (let i = 0; i < directory.entries; i++) {
    const { name, offset, byteLength } = readEntry(reader)
    if (entries.has(name)) throw reader.malformed(`a second entry ${name}`)
    entries.set(name, { offset: contentOffset(file, name, offset, byteLength), byteLength })
  }
  return entries
}

/** The end record closes the file, followed only by a comment of up to 64 kB. */
function findDirectory(file: BoundedFile): { entries: number; offset: number } {
  const length = Math.min(file.size, endBytes + maxCommentBytes)
  const tail = file.read(file.size - length, length, 'the end of the zip archive')
  const view = new DataView(tail.buffer)
  for (let at = length - endBytes; at >= 0; at--) {
    if (view.getUint32(at, true) !== endSignature || view.getUint16(at + 20, true) !== length - at - endBytes)
      continue
    const [entries, offset] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true)]
    const directory =
      entries === in64Of16 || offset === in64Of32
        ? directory64(file, file.size - length + at)
        : { entries, offset }
    if (directory.entries > maxEntries)
      throw new TaskvecError(
        'WEIGHTS',
        `${file.path}: ${directory.entries} entries; at most ${maxEntries} are allowed`,
      )
    return directory
  }
  throw new TaskvecError('WEIGHTS', `${file.path}: a zip archive without its end: it is truncated`, {
    hint: 'Fetch the file again.',
  })
}

function directory64(file: BoundedFile, end: number): { entries: number; offset: number } {
  const locator = new HeaderReader(file, file.size, end - 20)
  if (end < 20 || locator.u32() !== end64LocatorSignature) throw locator.malformed('no zip64 locator')
  locator.take(4)
  const reader = new HeaderReader(file, file.size, locator.u64())
  if (reader.u32() !== end64Signature) throw reader.malformed('no zip64 end record')
  reader.take(28)
  const entries = reader.u64()
  reader.take(8)
  return { entries, offset: reader.u64() }
}

function readEntry(reader: HeaderReader): { name: string; offset: number; byteLength: number } {
  if (reader.u32() !== entrySignature) throw reader.malformed('no zip entry', reader.position - 4)
  reader.take(4)
  const flags = reader.u16()
  const method = reader.u16()
  reader.take(8)
  const compressed = reader.u32()
  const uncompressed = reader.u32()
  const [nameLength, extraLength, commentLength] = [reader.u16(), reader.u16(), reader.u16()]
  reader.take(8)
  const offset = reader.u32()
  const name = reader.text(nameLength)
  const extra = reader.take(extraLength)
  reader.take(commentLength)
  const [size, packed, at] = wide(reader, extra, [uncompressed, compressed, offset])
  if (method !== 0 || (flags & 1) !== 0 || packed !== size)
    throw new TaskvecError(
      'WEIGHTS',
      `${reader.file.path}: ${name} is compressed or encrypted in the zip archive`,
      { hint: 'torch.save does not compress it: use the file as it was published.' },
    )
  return { name, offset: at, byteLength: size }
}

/** Uncompressed size, compressed size and offset; those that do not fit 32 bits are in the zip64 extra field, in this order. */
function wide(
  reader: HeaderReader,
  extra: DataView,
  values: readonly [number, number, number],
): readonly [number, number, number] {
  if (!values.includes(in64Of32)) return values
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) !== 1) continue
    const end = Math.min(extra.byteLength, at + 4 + extra.getUint16(at + 2, true))
    let from = at + 4
    const next = (value: number) => {
      if (value !== in64Of32) return value
      if (from + 8 > end) throw reader.malformed('a zip64 field that is too short')
      const wide = Number(extra.getBigUint64(from, true))
      from += 8
      return wide
    }
    const [first, second, third] = values
    return [next(first), next(second), next(third)]
  }
  throw reader.malformed('no zip64 field')
}

/** Offset of the contents, after the local header, whose name and padding have their own lengths. Throws WEIGHTS. */
function contentOffset(file: BoundedFile, name: string, header: number, byteLength: number): number {
  const local = new DataView(file.read(header, 30, `the header of ${name}`).buffer)
  if (local.getUint32(0, true) !== localSignature)
    throw new TaskvecError(
      'WEIGHTS',
      `${file.path}: ${name} does not begin at byte ${header}: the zip archive is altered`,
    )
  const offset = header + 30 + local.getUint16(26, true) + local.getUint16(28, true)
  if (offset + byteLength <= file.size) return offset
  throw new TaskvecError(
    'WEIGHTS',
    `${file.path}: ${name} ends at byte ${offset + byteLength}, but the file has ${file.size}: it is truncated or points outside`,
    { hint: 'Fetch the file again.' },
  )
}
