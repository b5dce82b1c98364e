import { createHash } from 'node:crypto'
import { TaskvecError } from '../domain/errors.js'

/** A vector of a model's residual stream, as files hold it: a θ, or anyone's steering or control vector. */
export interface Vector {
  /** Of the tensor. */
  readonly name: string
  /** The block L after which it is patched in (`resid_post`, 0-based); null: the file doesn't say. */
  readonly layer: number | null
  /** `[d_model]` */
  readonly values: Float32Array
}

/** How a vector meets the state that is there: takes its place, as θ does, or is added to it, as control vectors are. */
export const vectorModes = ['replace', 'add'] as const
export type VectorMode = (typeof vectorModes)[number]

export interface VectorFile {
  readonly vectors: readonly Vector[]
  /** As the file has it. */
  readonly metadata: Readonly<Record<string, string>>
  /** What such files are made for; a choice of the user goes before it. */
  readonly mode: VectorMode
}

/** How files of taskvec say what L is. */
export const layerConvention = 'resid_post: the residual stream after block L, 0-based'

/** sha256 of layers and values, whatever names and file they stand in: what a result depends on. */
export function vectorsHash(vectors: readonly Omit<Vector, 'name'>[]): string {
  const hash = createHash('sha256')
  for (const { layer, values } of vectors) {
    hash.update(`${layer ?? 'any'} ${values.length}\n`)
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}

/** Those of another model, by their width. Errors: TASK. */
export function refuseOtherWidth(what: string, { values }: Vector, dModel: number): void {
  if (values.length === dModel) return
  throw new TaskvecError(
    'TASK',
    `${what} has ${values.length} values; the model's d_model is ${dModel}: it is of another model`,
    { hint: 'See the widths: taskvec vectors list.' },
  )
}
