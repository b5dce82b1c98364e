import { z } from 'zod'
import { insist } from './config.js'
import type { Rotary } from './decoder.js'
import { f32, maxRotary, parameters, scalings } from './rotary-scalings.js'

/** Rotary position embedding frequencies, from the fields of Hugging Face's config.json. */

/** In config.json: `rope_theta` and `rope_scaling`, or, since transformers 5, both inside `rope_parameters`. */
export const rotaryFields = {
  rope_theta: z.number().positive().optional(),
  rope_scaling: parameters.optional(),
  rope_parameters: parameters.optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  original_max_position_embeddings: z.number().positive().optional(),
}

/** If full-attention layers and layers with a window are rotated differently. */
export const rotaryFieldsByKind = {
  ...rotaryFields,
  rope_parameters: z
    .looseObject({ full_attention: parameters.nullish(), sliding_attention: parameters.nullish() })
    .optional(),
}

export type RotaryConfig = z.infer<z.ZodObject<typeof rotaryFields>>

export interface RotaryOptions {
  readonly dHead: number
  readonly maxPositions: number
  /** The default of `rope_theta`. */
  readonly theta?: number
  /** The default share of each head that is rotated; null: whole heads. */
  readonly partial?: number | null
  /** Whether an odd number of rotated entries is rounded up or refused. */
  readonly odd?: 'rounded up' | 'refused'
  readonly interleaved?: boolean
}

/** A family's rotation by its config, and for how many positions it holds. Throws MODEL. */
export function rotaryOf(
  config: RotaryConfig,
  {
    dHead,
    maxPositions,
    theta = 10000,
    partial = null,
    odd = 'rounded up',
    interleaved = false,
  }: RotaryOptions,
): { readonly rotary: Rotary; readonly maxPositions: number } {
  const places = [config.rope_scaling, config.rope_parameters, config]
  const share = places.map((place) => place?.partial_rotary_factor).find((part) => part !== undefined)
  insist(
    partial !== null || (share ?? 1) === 1,
    `partial_rotary_factor is ${share}; this family's heads are rotated as a whole`,
  )
  const turned = rotaryWidth(dHead, partial === null ? 1 : (share ?? partial), odd)
  const { maxPositions: held, ...embedding } = rotaryEmbedding(config, turned, maxPositions, theta)
  return { rotary: { width: 2 * Math.ceil(turned / 2), ...embedding, interleaved }, maxPositions: held }
}

/**
 * Rotations of full-attention layers and of those with a window. Scaling applies only to the former, unless `rope_parameters`
 * says otherwise. Throws MODEL.
 */
export function rotaryByKind(
  config: Omit<RotaryConfig, 'rope_parameters'> & {
    readonly rope_parameters?: z.infer<typeof rotaryFieldsByKind.rope_parameters>
    readonly max_position_embeddings: number
  },
  {
    dHead,
    theta,
  }: { readonly dHead: number; readonly theta: { readonly full: number; readonly sliding: number } },
): { readonly full: Rotary; readonly sliding: Rotary; readonly maxPositions: number } {
  const { rope_parameters: byKind, rope_theta, rope_scaling, max_position_embeddings: maxPositions } = config
  const options = { dHead, maxPositions }
  insist(
    rope_scaling?.type === undefined || rope_scaling.rope_type !== undefined,
    `rope_scaling's "type": transformers 5 leaves it unread in this family; name it "rope_type"`,
  )
  const ofFull = byKind?.full_attention ?? rope_scaling ?? parameters.parse({})
  const full = rotaryOf({ rope_parameters: ofFull, rope_theta }, { ...options, theta: theta.full })
  const ofSliding = byKind?.sliding_attention ?? parameters.parse({})
  const sliding = rotaryOf({ rope_parameters: ofSliding }, { ...options, theta: theta.sliding })
  return {
    full: full.rotary,
    sliding: sliding.rotary,
    maxPositions: Math.min(full.maxPositions, sliding.maxPositions),
  }
}

/** Entries of a head that are rotated, of `dHead`. Throws MODEL if they do not form pairs. */
function rotaryWidth(dHead: number, fraction: number, odd: RotaryOptions['odd']): number {
  const width = Math.floor(dHead * fraction)
  const rounded = odd === 'rounded up' ? 2 * Math.ceil(width / 2) : width
  insist(
    width > 0 && rounded % 2 === 0 && rounded <= dHead,
    `rotary embedding over ${fraction} of heads of ${dHead}: ${width} entries do not form pairs`,
  )
  return width
}

/**
 * Angles by position, the factor of cosines and sines, and for how many positions they hold. In f32 step by step, as
 * transformers does: at position 300 the last bits of a frequency matter. Throws MODEL.
 */
function rotaryEmbedding(
  config: RotaryConfig,
  width: number,
  maxPositions: number,
  defaultTheta: number,
): Pick<Rotary, 'angles' | 'scale'> & { readonly maxPositions: number } {
  // In transformers' order.
  const scaling = config.rope_scaling ?? config.rope_parameters ?? parameters.parse({})
  const type = scaling.rope_type ?? scaling.type ?? 'default'
  const scaled = Object.hasOwn(scalings, type) ? scalings[type] : undefined
  insist(scaled, `rope scaling "${type}" is not supported; known: ${Object.keys(scalings).join(', ')}`)
  // Checked before allocation, since the number comes from outside.
  insist(width <= maxRotary, `a head of ${width} values; at most ${maxRotary} are allowed`)
  const theta = scaling.rope_theta ?? config.rope_theta ?? defaultTheta
  const inverses = Float32Array.from(
    { length: Math.ceil(width / 2) },
    (_, i) => theta ** f32((2 * i) / width),
  )
  const original =
    config.original_max_position_embeddings ?? scaling.original_max_position_embeddings ?? maxPositions
  const result = scaled({ width, inverses, theta, scaling, maxPositions, original })
  return {
    angles: (position) => Float64Array.from(result.frequencies, (frequency) => f32(position * frequency)),
    scale: result.scale ?? 1,
    maxPositions: result.maxPositions ?? maxPositions,
  }
}
