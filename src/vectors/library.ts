import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import { expanded, taskvecHome } from '../system/home.js'
import { readVectors } from './read.js'
import { safetensorsBytes } from './safetensors.js'
import { vectorModes, vectorsHash, type Vector, type VectorFile, type VectorMode } from './vector.js'

/** The user's named vectors, one safetensors file each in `TASKVEC_HOME/vectors`. */

export const vectorName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/

const folder = () => join(taskvecHome(), 'vectors')
const fileOf = (name: string) => join(folder(), `${name}.safetensors`)

export interface NewVectors {
  readonly name: string
  readonly vectors: readonly Vector[]
  readonly mode: VectorMode
  /** Their source and other metadata. */
  readonly metadata: Readonly<Record<string, string>>
}

/** Saves vectors and returns their hash. Errors: USAGE if the name is invalid, or taken by other vectors and `replace` is false. */
export function saveVectors({ name, vectors, mode, metadata }: NewVectors, replace: boolean): string {
  if (!vectorName.test(name))
    throw new TaskvecError(
      'USAGE',
      `"${name}" is not a valid name: use letters, digits, ".", "_" and "-" only`,
    )
  const hash = vectorsHash(vectors)
  const file = fileOf(name)
  if (existsSync(file) && !replace && vectorsHash(namedVectors(name).vectors) !== hash)
    throw new TaskvecError('USAGE', `the library already has another vector "${name}"`, {
      hint: 'Choose another --name, or overwrite it with --replace.',
    })
  const named = vectors.map((vector) => ({ ...vector, name: libraryName(vector) }))
  const bytes = safetensorsBytes(named, { ...metadata, mode, hash })
  mkdirSync(folder(), { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, bytes)
  renameSync(draft, file)
  return hash
}

/** The name in the file, with the layer appended unless it has one. */
function libraryName({ name, layer }: Vector): string {
  return layer === null || /(^|\/)L\d+(\/|$)/.test(name) ? name : `${name}/L${layer}`
}

export function libraryNames(): string[] {
  if (!existsSync(folder())) return []
  return readdirSync(folder())
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => basename(name, '.safetensors'))
    .sort()
}

/** Vectors of the library by name. Errors: USAGE if there are none. */
export function namedVectors(name: string): VectorFile {
  if (!vectorName.test(name) || !existsSync(fileOf(name))) {
    const names = libraryNames()
    throw new TaskvecError(
      'USAGE',
      `no vector "${name}"${didYouMean(name, names)}, nor a file of that name`,
      {
        hint:
          names.length > 0
            ? `The library has ${names.slice(0, 10).join(', ')}; a file is given by its path.`
            : 'Give the path of a file, or import one: taskvec vectors import FILE --name NAME',
      },
    )
  }
  return ofLibrary(readVectors(fileOf(name)))
}

type Named = VectorFile & { readonly label: string }

/** Vectors of the library by `NAME`, or of a file by its path; `#PART` selects those whose name has that part. */
export function findVectors(reference: string, from = process.cwd()): Named {
  return pickVectors(reference, (place) => {
    const path = resolve(from, expanded(place))
    return existsSync(path) ? { ...ofLibrary(readVectors(path)), label: basename(path) } : namedVectors(place)
  })
}

/** The same for sources that `find` resolves. */
export function pickVectors(
  reference: string,
  find: (place: string) => VectorFile & { label?: string },
): Named {
  const [, place = reference, part] = /^(.*?)(?:#(.*))?$/s.exec(reference) ?? []
  const { label = place, ...file } = find(place)
  if (part === undefined) return { ...file, label }
  const vectors = withPart(file.vectors, part)
  if (vectors.length > 0) return { ...file, vectors, label: `${label}#${part}` }
  const names = file.vectors.slice(0, 5).map(({ name }) => name)
  throw new TaskvecError(
    'USAGE',
    `${place}: "${part}" is not part of the name of any of its ${file.vectors.length} vectors`,
    {
      hint:
        'Give one or more of the parts between slashes, whole or up to a hyphen (task, task/k5-arrow). ' +
        `It has ${names.join(', ')}${file.vectors.length > names.length ? ', ..' : ''}.`,
    },
  )
}

/** Vectors whose name has these path parts; if none has, those whose name continues the last part after a hyphen: `k5-arrow-s41` for `k5-arrow`. */
function withPart(vectors: readonly Vector[], part: string): readonly Vector[] {
  const whole = vectors.filter(({ name }) => `/${name}/`.includes(`/${part}/`))
  return whole.length > 0 ? whole : vectors.filter(({ name }) => `/${name}/`.includes(`/${part}-`))
}

/** With the mode stored at import, if any. */
function ofLibrary(file: VectorFile): VectorFile {
  const mode = vectorModes.find((mode) => mode === file.metadata['mode'])
  return mode === undefined ? file : { ...file, mode }
}
