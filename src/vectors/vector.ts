import { createHash } from 'node:crypto'
import { TaskvecError } from '../domain/errors.js'

/** A vector of a model's residual stream, as read from a file: a θ, or a steering or control vector. */
export interface Vector {
  /** The tensor's name. */
  readonly name: string
  /** The 0-based block L after which it is patched in (`resid_post`); null if the file does not say. */
  readonly layer: number | null
  /** `[d_model]` */
  readonly values: Float32Array
}

/** How a vector is patched in: it replaces the residual stream, as θ does, or is added to it, as control vectors are. */
export const vectorModes = ['replace', 'add'] as const
export type VectorMode = (typeof vectorModes)[number]

export interface VectorFile {
  readonly vectors: readonly Vector[]
  /** The file's metadata. */
  readonly metadata: Readonly<Record<string, string>>
  /** The default for this kind of file; the user's choice overrides it. */
  readonly mode: VectorMode
}

/** How taskvec's files define L. */
export const layerConvention = 'resid_post: the residual stream after block L, 0-based'

/** sha256 of layers and values, on which results depend; names and file format do not count. */
export function vectorsHash(vectors: readonly Omit<Vector, 'name'>[]): string {
  const hash = createHash('sha256')
  for (const { layer, values } of vectors) {
    hash.update(`${layer ?? 'any'} ${values.length}\n`)
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}

/** Errors: TASK if the vector's width is not d_model, so that it belongs to another model. */
export function refuseOtherWidth(what: string, { values }: Vector, dModel: number): void {
  if (values.length === dModel) return
  throw new TaskvecError(
    'TASK',
    `${what} has ${values.length} values, but the model's d_model is ${dModel}: it belongs to another model`,
    { hint: 'taskvec vectors list shows the width of each vector.' },
  )
}
