import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { Rotary } from './decoder.js'

/** Rotary position embedding frequencies, from the fields that Hugging Face's config.json has for them. */

/** Published models have heads of 64 to 256. */
const maxRotary = 65536

/** Of one kind of rotation: a config's `rope_scaling` or `rope_parameters`. */
export const parameters = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  attention_factor: z.number().positive().nullish(),
  beta_fast: z.number().positive().nullish(),
  beta_slow: z.number().positive().nullish(),
  mscale: z.number().nonnegative().nullish(),
  mscale_all_dim: z.number().nonnegative().nullish(),
  truncate: z.boolean().default(true),
  short_factor: z.array(z.number().positive()).max(maxRotary).optional(),
})

/** In config.json: `rope_theta` and `rope_scaling`, or, since transformers 5, both inside `rope_parameters`. */
export const rotaryFields = {
  rope_theta: z.number().positive().optional(),
  rope_scaling: parameters.optional(),
  rope_parameters: parameters.optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  original_max_position_embeddings: z.number().positive().optional(),
}

/** Where layers that see everything and layers with a window are rotated differently. */
export const rotaryFieldsByKind = {
  ...rotaryFields,
  rope_parameters: z
    .looseObject({ full_attention: parameters.nullish(), sliding_attention: parameters.nullish() })
    .optional(),
}

export type RotaryConfig = z.infer<z.ZodObject<typeof rotaryFields>>

interface RotaryOptions {
  readonly dHead: number
  readonly maxPositions: number
  /** `rope_theta` where the config has none. */
  readonly theta?: number
  /** The share of each head that is rotated where the config does not say it; null: heads are rotated as a whole. */
  readonly partial?: number | null
  readonly interleaved?: boolean
}

/** A family's rotation by its config, and for how many positions it holds. Throws MODEL. */
export function rotaryOf(
  config: RotaryConfig,
  { dHead, maxPositions, theta = 10000, partial = null, interleaved = false }: RotaryOptions,
  path: string,
): { readonly rotary: Rotary; readonly maxPositions: number } {
  const places = [config.rope_parameters, config.rope_scaling, config]
  const share = places.map((place) => place?.partial_rotary_factor).find((part) => part !== undefined)
  if (partial === null && (share ?? 1) !== 1)
    throw new TaskvecError(
      'MODEL',
      `${path}: partial_rotary_factor is ${share}; this family's heads are rotated as a whole`,
    )
  const width = rotaryWidth(dHead, partial === null ? 1 : (share ?? partial), path)
  const { maxPositions: held, ...embedding } = rotaryEmbedding(config, width, maxPositions, theta, path)
  return { rotary: { width, ...embedding, interleaved }, maxPositions: held }
}

/**
 * Rotations of layers that see everything and of those with a window. Scaling is the former's alone, unless `rope_parameters`
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
  path: string,
): { readonly full: Rotary; readonly sliding: Rotary; readonly maxPositions: number } {
  const { rope_parameters: byKind, rope_theta, rope_scaling, max_position_embeddings: maxPositions } = config
  const options = { dHead, maxPositions }
  const ofFull = byKind?.full_attention ?? rope_scaling ?? parameters.parse({})
  const full = rotaryOf({ rope_parameters: ofFull, rope_theta }, { ...options, theta: theta.full }, path)
  const ofSliding = byKind?.sliding_attention ?? parameters.parse({})
  const sliding = rotaryOf({ rope_parameters: ofSliding }, { ...options, theta: theta.sliding }, path)
  return {
    full: full.rotary,
    sliding: sliding.rotary,
    maxPositions: Math.min(full.maxPositions, sliding.maxPositions),
  }
}

/** Entries of a head that are rotated, of `dHead`. Throws MODEL where they make no pairs. */
function rotaryWidth(dHead: number, fraction: number, path: string): number {
  const width = Math.floor(dHead * fraction)
  if (width > 0 && width % 2 === 0) return width
  throw new TaskvecError(
    'MODEL',
    `${path}: rotary embedding over ${fraction} of heads of ${dHead}: ${width} entries make no pairs`,
  )
}

/** What a kind of scaling is computed from. */
interface Unscaled {
  /** rope_theta ** (2i / width): the frequencies' inverses, `width / 2` of them. */
  readonly inverses: Float32Array
  readonly theta: number
  readonly scaling: z.infer<typeof parameters>
  readonly maxPositions: number
  /** Positions that the model was trained with before it was stretched. */
  readonly original: number
  readonly path: string
}

interface Scaled {
  readonly frequencies: Float32Array
  /** Of cosines and sines; default 1. */
  readonly scale?: number
  /** Where the frequencies hold for fewer positions than the config's; default: its own. */
  readonly maxPositions?: number
}

/** By `rope_type`, as in transformers' modeling_rope_utils. */
const scalings: Readonly<Record<string, (unscaled: Unscaled) => Scaled>> = {
  default: ({ inverses }) => ({ frequencies: inverses.map((inverse) => 1 / inverse) }),
  linear,
  // Frequencies change beyond the trained length only, and then for all positions at once: no further than that.
  dynamic: ({ inverses, original, maxPositions }) => ({
    frequencies: inverses.map((inverse) => 1 / inverse),
    maxPositions: Math.min(original, maxPositions),
  }),
  yarn,
  longrope,
  /** Phi-3's first name for it. */
  su: longrope,
  llama3,
}

/**
 * Angles by position, the factor of cosines and sines, and for how many positions they hold. In f32 step by step, as
 * transformers does: at position 300 the last bits of a frequency are seen. Throws MODEL.
 */
function rotaryEmbedding(
  config: RotaryConfig,
  width: number,
  maxPositions: number,
  defaultTheta: number,
  path: string,
): Pick<Rotary, 'angles' | 'scale'> & { readonly maxPositions: number } {
  const scaling = config.rope_parameters ?? config.rope_scaling ?? parameters.parse({})
  const type = scaling.rope_type ?? scaling.type ?? 'default'
  const scaled = Object.hasOwn(scalings, type) ? scalings[type] : undefined
  if (!scaled) {
    const known = Object.keys(scalings).join(', ')
    throw new TaskvecError('MODEL', `${path}: rope scaling "${type}" is not supported; known: ${known}`)
  }
  // Before anything of this size is made: the number comes from outside.
  if (width > maxRotary)
    throw new TaskvecError('MODEL', `${path}: a head of ${width} values; at most ${maxRotary} are allowed`)
  const theta = scaling.rope_theta ?? config.rope_theta ?? defaultTheta
  const inverses = Float32Array.from({ length: width / 2 }, (_, i) => theta ** f32((2 * i) / width))
  const original =
    scaling.original_max_position_embeddings ?? config.original_max_position_embeddings ?? maxPositions
  const result = scaled({ inverses, theta, scaling, maxPositions, original, path })
  return {
    angles: (position) => Float64Array.from(result.frequencies, (frequency) => f32(position * frequency)),
    scale: result.scale ?? 1,
    maxPositions: result.maxPositions ?? maxPositions,
  }
}

function linear({ inverses, scaling, path }: Unscaled): Scaled {
  const factor = need(scaling.factor, 'factor', path)
  return { frequencies: inverses.map((inverse) => f32(1 / inverse) / factor) }
}

/** YaRN (arXiv:2309.00071): fast rotations are kept, slow ones interpolated, those between blended; attention is sharpened. */
function yarn({ inverses, theta, scaling, maxPositions, original }: Unscaled): Scaled {
  const factor = scaling.factor ?? maxPositions / original
  const width = 2 * inverses.length
  /** The index of the pair that rotates so often within the original positions. */
  const pairOf = (rotations: number) =>
    (width * Math.log(original / (rotations * 2 * Math.PI))) / (2 * Math.log(theta))
  const round = scaling.truncate ? { down: Math.floor, up: Math.ceil } : { down: Number, up: Number }
  const low = Math.max(round.down(pairOf(scaling.beta_fast ?? 32)), 0)
  const high = Math.min(round.up(pairOf(scaling.beta_slow ?? 1)), width - 1)
  const span = high === low ? 0.001 : high - low
  const { mscale, mscale_all_dim: mscaleAll } = scaling
  const sharpening = (by = 1) => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1)
  return {
    frequencies: inverses.map((inverse, i) => {
      const kept = f32(1 - Math.min(Math.max(f32((i - low) / span), 0), 1))
      const interpolated = f32(1 / f32(factor * inverse))
      return f32(interpolated * f32(1 - kept)) + f32(f32(1 / inverse) * kept)
    }),
    scale:
      scaling.attention_factor ??
      (mscale && mscaleAll ? sharpening(mscale) / sharpening(mscaleAll) : sharpening()),
  }
}

/** LongRoPE (arXiv:2402.13753): a factor per frequency. Longer texts take other factors, for all positions at once. */
function longrope({ inverses, scaling, maxPositions, original, path }: Unscaled): Scaled {
  const factors = need(scaling.short_factor, 'short_factor', path)
  if (factors.length !== inverses.length)
    throw new TaskvecError(
      'MODEL',
      `${path}: rope scaling's short_factor has ${factors.length} entries, expected ${inverses.length}`,
    )
  const factor = scaling.factor ?? maxPositions / original
  return {
    frequencies: inverses.map((inverse, i) => 1 / f32(f32(factors[i] as number) * inverse)),
    scale:
      scaling.attention_factor ?? (factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original))),
    maxPositions: Math.min(original, maxPositions),
  }
}

/** LLaMA 3.1: long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function llama3({ inverses, scaling, path }: Unscaled): Scaled {
  const factor = need(scaling.factor, 'factor', path)
  const low = need(scaling.low_freq_factor, 'low_freq_factor', path)
  const high = need(scaling.high_freq_factor, 'high_freq_factor', path)
  const original = need(scaling.original_max_position_embeddings, 'original_max_position_embeddings', path)
  const frequencies = inverses.map((inverse) => {
    const frequency = f32(1 / inverse)
    const wavelength = f32((2 * Math.PI) / frequency)
    if (wavelength < original / high) return frequency
    if (wavelength > original / low) return frequency / factor
    const smooth = f32(f32(f32(original / wavelength) - low) / (high - low))
    return f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency)
  })
  return { frequencies }
}

const f32 = Math.fround

function need<T>(value: T | undefined, key: string, path: string): T {
  if (value === undefined) throw new TaskvecError('MODEL', `${path}: rope scaling needs "${key}"`)
  return value
}
