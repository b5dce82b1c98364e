import { TaskvecError } from '../domain/errors.js'
import type { GivenTheta } from '../domain/types.js'
import { findVectors } from '../vectors/library.js'
import { vectorsHash, type Vector, type VectorMode } from '../vectors/vector.js'

interface Asked {
  readonly vector: string
  readonly layer?: number | undefined
  readonly scale: number
  readonly mode?: VectorMode | undefined
}

/** A task's `theta:` with all its values, which become part of the task. Errors: USAGE, WEIGHTS. */
export function readTheta({ vector: reference, layer, scale, mode }: Asked, folder: string): GivenTheta {
  const found = findVectors(reference, folder)
  const vectors = (layer === undefined ? found.vectors : [ofLayer(found, layer)]).map((vector) => ({
    ...vector,
    values: vector.values.map((value) => value * scale),
  }))
  refuseUnclear(found.label, vectors)
  const chosen = mode ?? found.mode
  return {
    name: found.label,
    hash: vectorsHash(vectors),
    ...(chosen === 'add' ? { mode: chosen } : {}),
    layers: vectors.map((vector) => vector.layer),
    base64: Buffer.concat(
      vectors.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
    ).toString('base64'),
  }
}

function ofLayer({ label, vectors }: ReturnType<typeof findVectors>, layer: number): Vector {
  const there = vectors.filter((vector) => vector.layer === layer)
  if (there.length === 1) return there[0] as Vector
  throw new TaskvecError(
    'USAGE',
    `${label} has ${there.length === 0 ? 'no vector' : `${there.length} vectors`} of layer ${layer}`,
    {
      hint: `Its layers: ${vectors.map((vector) => vector.layer ?? 'any').join(', ')}. FILE#PART selects by name.`,
    },
  )
}

/** Errors: USAGE unless there is at most one vector per layer, all of the same width. */
function refuseUnclear(label: string, vectors: readonly Vector[]): void {
  const widths = new Set(vectors.map(({ values }) => values.length))
  if (widths.size > 1)
    throw new TaskvecError(
      'USAGE',
      `${label} has vectors of ${[...widths].join(' and ')} values, from several models`,
      { hint: 'Select those of one model by part of their names: FILE#PART.' },
    )
  if (vectors.length === 1) return
  const layers = vectors.map(({ layer }) => layer)
  const unclear = layers.find((layer, i) => layer === null || layers.indexOf(layer) < i)
  if (unclear !== undefined)
    throw new TaskvecError(
      'USAGE',
      unclear === null
        ? `${label} has several vectors, and one does not say its layer`
        : `${label} has several vectors of layer ${unclear}`,
      { hint: 'Select one by part of its name, such as task or setting: FILE#PART.' },
    )
}
