import { z } from 'zod'
import { insist } from './config.js'

/** How rotary frequencies are stretched to longer texts, by kind of scaling. */

/** Published models have heads of 64 to 256. */
export const maxRotary = 65536

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

/** The inputs of a kind of scaling. */
interface Unscaled {
  /** Entries of a head that are rotated. */
  readonly width: number
  /** rope_theta ** (2i / width): the frequencies' inverses, one for each pair. */
  readonly inverses: Float32Array
  readonly theta: number
  readonly scaling: z.infer<typeof parameters>
  readonly maxPositions: number
  /** The context length in training, before it was stretched. */
  readonly original: number
}

interface Scaled {
  readonly frequencies: Float32Array
  /** Of cosines and sines; default 1. */
  readonly scale?: number
  /** If the frequencies hold for fewer positions than the config's; default: the config's. */
  readonly maxPositions?: number
}

/** By `rope_type`, as in transformers' modeling_rope_utils. */
export const scalings: Readonly<Record<string, (unscaled: Unscaled) => Scaled>> = {
  default: ({ inverses }) => ({ frequencies: inverses.map((inverse) => 1 / inverse) }),
  linear,
  // Frequencies change only beyond max_position_embeddings, the limit here.
  dynamic: ({ inverses }) => ({ frequencies: inverses.map((inverse) => 1 / inverse) }),
  yarn,
  longrope,
  /** Phi-3's first name for it. */
  su: longrope,
  llama3,
}

function linear({ inverses, scaling }: Unscaled): Scaled {
  const factor = need(scaling.factor, 'factor')
  return { frequencies: inverses.map((inverse) => f32(1 / inverse) / factor) }
}

/** YaRN (arXiv:2309.00071): fast rotations are kept, slow ones interpolated, those between blended; attention is sharpened. */
function yarn({ width, inverses, theta, scaling, maxPositions, original }: Unscaled): Scaled {
  insist(width % 2 === 0, `rope scaling "yarn" over ${width} entries of each head, which do not form pairs`)
  const factor = scaling.factor ?? maxPositions / original
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

/** LongRoPE (arXiv:2402.13753): a factor per frequency. Longer texts use other factors, at all positions. */
function longrope({ inverses, scaling, maxPositions, original }: Unscaled): Scaled {
  const factors = need(scaling.short_factor, 'short_factor')
  insist(
    factors.length === inverses.length,
    `rope scaling's short_factor has ${factors.length} entries, expected ${inverses.length}`,
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
function llama3({ inverses, scaling }: Unscaled): Scaled {
  const factor = need(scaling.factor, 'factor')
  const low = need(scaling.low_freq_factor, 'low_freq_factor')
  const high = need(scaling.high_freq_factor, 'high_freq_factor')
  const original = need(scaling.original_max_position_embeddings, 'original_max_position_embeddings')
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

export const f32 = Math.fround

function need<T>(value: T | undefined, key: string): T {
  insist(value !== undefined, `rope scaling needs "${key}"`)
  return value
}
