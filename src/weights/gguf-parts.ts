import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import type { BoundedFile } from './bounded-file.js'
import { readGguf, type GgufFile, type GgufValue } from './gguf.js'

/**
 * A GGUF model is one file, or parts made by llama.cpp's gguf-split: `NAME-00001-of-00003.gguf` and so on.
 * The first part has the metadata; each part has some of the tensors and its part number in `split.*`.
 */
const partName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/

/** Image projectors, published alongside their language model. */
const projector = /^mmproj|[-.]mmproj[-.]/i

/** Most missing parts that an error lists. */
const namedParts = 5

/**
 * A GGUF model's files in order, given its folder, its only file or any of its parts. Throws WEIGHTS if parts are missing or the
 * folder does not hold exactly one model.
 */
export function ggufFiles(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return filesOfFolder(path)
  const [, name, , count] = partName.exec(basename(path)) ?? []
  if (name === undefined || count === undefined) return [path]
  const folder = dirname(path)
  const parts = Array.from({ length: Number(count) }, (_, i) => partFile(name, i + 1, count))
  if (parts.length === 0)
    throw new TaskvecError('WEIGHTS', `${path}: part of a model of 0 parts, by its name`)
  const there = new Set(readdirSync(folder))
  const missing = parts.filter((part) => !there.has(part))
  if (missing.length > 0) {
    const more = missing.length > namedParts ? ` and ${missing.length - namedParts} more` : ''
    throw new TaskvecError(
      'WEIGHTS',
      `${folder}: ${missing.length} of the ${parts.length} parts of ${name} missing: ${missing.slice(0, namedParts).join(', ')}${more}`,
      { hint: 'Put all parts into one folder; any one of them then names the model.' },
    )
  }
  return parts.map((part) => join(folder, part))
}

/** Whether a folder has GGUF weights: at least one .gguf file, and no config.json of a Hugging Face model. */
export function isGgufFolder(folder: string): boolean {
  const names = readdirSync(folder)
  return !names.includes('config.json') && names.some((name) => name.endsWith('.gguf'))
}

/**
 * Reads all parts as one file: the first part's metadata and all tensors, each with its part as `file`. Throws WEIGHTS if a part is
 * malformed or the parts do not belong together.
 */
export function readGgufParts(files: readonly BoundedFile[]): GgufFile {
  const parts = files.map((file) => ({ file, ...readGguf(file) }))
  const [first] = parts
  if (!first) throw new Error('no GGUF file to read')
  const partOf = new Map<string, string>()
  parts.forEach(({ file, metadata, tensors }, index) => {
    refuseOtherPart(file.path, metadata, index, parts.length)
    for (const { name } of tensors) {
      const twin = partOf.get(name)
      if (twin !== undefined)
        throw new TaskvecError('WEIGHTS', `${file.path}: tensor ${name} is also in ${twin}`, otherDownloads)
      partOf.set(name, file.path)
    }
  })
  const tensors = parts.flatMap((part) => part.tensors)
  const expected = first.metadata.get('split.tensors.count')
  if (parts.length > 1 && expected !== undefined && expected !== tensors.length)
    throw new TaskvecError(
      'WEIGHTS',
      `${first.file.path}: split.tensors.count is ${String(expected)}, but the parts hold ${tensors.length} tensors`,
      otherDownloads,
    )
  return { metadata: first.metadata, tensors }
}

const otherDownloads = { hint: 'The parts come from different downloads: fetch them all again.' }

function refuseOtherPart(
  path: string,
  metadata: ReadonlyMap<string, GgufValue>,
  index: number,
  count: number,
): void {
  const said = { no: metadata.get('split.no') ?? 0, count: metadata.get('split.count') ?? 0 }
  // A whole file may declare itself the only part, or part of 0 (after gguf-split's merge).
  const whole = count === 1 && said.no === 0 && (said.count === 0 || said.count === 1)
  if (whole || (said.no === index && said.count === count)) return
  const [no, total] = [Number(said.no) + 1, String(said.count)]
  if (count === 1)
    throw new TaskvecError('WEIGHTS', `${path}: is part ${no} of ${total}, but its name does not say so`, {
      hint: `Give each part the name that gguf-split gave it, ${partFile('NAME', no, total.padStart(5, '0'))}, in one folder.`,
    })
  throw new TaskvecError(
    'WEIGHTS',
    `${path}: is part ${no} of ${total} by its metadata, but part ${index + 1} of ${count} by its name`,
    otherDownloads,
  )
}

function filesOfFolder(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.gguf') && !projector.test(name))
  // A split model counts once.
  const models = new Map(names.sort().map((name) => [name.replace(partName, '$1 in $3 parts'), name]))
  const [only, ...others] = models.values()
  if (only !== undefined && others.length === 0) return ggufFiles(join(folder, only))
  throw new TaskvecError(
    'WEIGHTS',
    only === undefined
      ? `${folder}: holds no .gguf file`
      : `${folder}: holds ${models.size} GGUF models: ${[...models.keys()].join(', ')}`,
    { hint: 'Name the file of one model; of a model in parts, any part.' },
  )
}

function partFile(name: string, part: number, count: string): string {
  return `${name}-${String(part).padStart(5, '0')}-of-${count}.gguf`
}
