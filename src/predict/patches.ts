import { TaskvecError } from '../domain/errors.js'
import type { ModelInfo } from '../domain/types.js'
import type { Patch } from '../engine/engine.js'
import { refuseOtherWidth, type Vector, type VectorFile } from '../vectors/vector.js'
import type { GivenVector } from './request.js'

/** A vector patched in at one layer, as reported to the user. */
export interface PatchedVector {
  readonly vector: string
  readonly layer: number
  readonly scale: number
  readonly mode: Patch['mode']
  readonly positions: 'last' | 'all'
  /** L2 norm of the scaled vector. */
  readonly norm: number
}

interface Chosen {
  readonly said: PatchedVector
  readonly patch: Patch
}

/**
 * The ways of patching the vectors in, each a list of patches. A control vector (mode `add`) acts at all its layers at once. A
 * single θ (mode `replace`) of several layers, with no layer named, gives one way per layer.
 * Errors: TASK, USAGE if a vector does not fit the model, or its layer is ambiguous.
 */
export function waysToPatch(
  given: readonly GivenVector[],
  prompt: readonly number[],
  model: Pick<ModelInfo, 'blocks' | 'dModel'>,
  find: (name: string) => VectorFile & { readonly label: string },
): Chosen[][] {
  const each = given.map((one) => chosenOf(one, prompt, model, find))
  const [only] = each
  if (each.length === 1 && only && only.length > 1 && only.every(({ said }) => said.mode === 'replace'))
    return only.map((way) => [way])
  for (const ways of each)
    if (ways.length > 1 && ways.some(({ said }) => said.mode === 'replace'))
      throw new TaskvecError(
        'USAGE',
        `${ways[0]?.said.vector ?? ''} has θ of ${ways.length} layers: name the layer to patch`,
        { hint: 'Give a layer for each vector. Only a single vector is tried at every layer it has.' },
      )
  return each.length === 0 ? [] : [each.flat()]
}

function chosenOf(
  { vector: name, values, layer, scale, mode, positions }: GivenVector,
  prompt: readonly number[],
  { blocks, dModel }: Pick<ModelInfo, 'blocks' | 'dModel'>,
  find: (name: string) => VectorFile & { readonly label: string },
): Chosen[] {
  const file =
    name === undefined
      ? {
          label: 'values',
          mode: 'replace' as const,
          vectors: [{ name: 'values', layer: null, values: Float32Array.from(values ?? []) }],
        }
      : find(name)
  return picked(file, layer).map((one) => {
    const at = one.layer
    refuseOtherWidth(`vector ${file.label}`, one, dModel)
    if (at >= blocks)
      throw new TaskvecError(
        'TASK',
        `vector ${file.label} is for layer ${at}, but the model has ${blocks} blocks`,
        {
          hint: `Choose L from 0 to ${blocks - 1} with --layer.`,
        },
      )
    const scaled = one.values.map((value) => value * scale)
    const chosen = mode ?? file.mode
    const norm = Math.sqrt(scaled.reduce((sum, value) => sum + value * value, 0))
    return {
      said: { vector: file.label, layer: at, scale, mode: chosen, positions, norm },
      patch: {
        layer: at,
        vector: scaled,
        mode: chosen,
        position: positions === 'all' ? 'all' : prompt.length - 1,
      },
    }
  })
}

/** The vectors selected from a file, each with its layer. */
function picked(
  { label, vectors }: Pick<VectorFile, 'vectors'> & { readonly label: string },
  layer: number | undefined,
): (Vector & { readonly layer: number })[] {
  const [first] = vectors
  if (layer !== undefined) {
    if (vectors.length === 1 && first) return [{ ...first, layer }]
    const there = vectors.filter((vector) => vector.layer === layer)
    if (there.length === 1) return [{ ...(there[0] as Vector), layer }]
    throw new TaskvecError(
      'USAGE',
      there.length === 0
        ? `${label} has no vector of layer ${layer}: it has ${said(vectors)}`
        : `${label} has ${there.length} vectors of layer ${layer}: ${namesAt(layer)}`,
      { hint: 'Select one by part of its name: FILE#PART.' },
    )
  }
  const layers = vectors.map((vector) => vector.layer)
  const open = vectors.find((vector) => vector.layer === null)
  if (open)
    throw new TaskvecError('USAGE', `${label} does not say its layer`, { hint: 'Give it with --layer L.' })
  const twice = layers.find((layer, i) => layers.indexOf(layer) < i)
  if (twice !== undefined)
    throw new TaskvecError('USAGE', `${label} has several vectors of layer ${twice}: ${namesAt(twice)}`, {
      hint: 'Select one by part of its name, such as task or setting: FILE#PART.',
    })
  return vectors.map((vector) => ({ ...vector, layer: vector.layer as number }))

  function namesAt(layer: number | null): string {
    const names = vectors.filter((vector) => vector.layer === layer).map(({ name }) => name)
    return `${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ..' : ''}`
  }
}

function said(vectors: readonly Vector[]): string {
  const layers = vectors.slice(0, 12).map(({ layer }) => layer ?? 'any')
  return `${layers.join(', ')}${vectors.length > 12 ? ', ..' : ''}`
}
