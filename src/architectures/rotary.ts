import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'

/** Rotary position embedding frequencies, from the fields that Hugging Face's config.json has for them. */

/** Published models have heads of 64 to 256. */
const maxRotary = 65536
const known = ['default', 'linear', 'llama3']

const parameters = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
})

/** In config.json: `rope_theta` and `rope_scaling`, or, since transformers 5, both inside `rope_parameters`. */
export const rotaryFields = {
  rope_theta: z.number().positive().optional(),
  rope_scaling: parameters.nullish(),
  rope_parameters: parameters.nullish(),
}

export type RotaryConfig = z.infer<z.ZodObject<typeof rotaryFields>>

/** Entries of a head that are rotated, of `dHead`. Throws MODEL where they make no pairs. */
export function rotaryWidth(dHead: number, fraction: number, path: string): number {
  const width = Math.floor(dHead * fraction)
  if (width > 0 && width % 2 === 0) return width
  throw new TaskvecError(
    'MODEL',
    `${path}: rotary embedding over ${fraction} of heads of ${dHead}: ${width} entries make no pairs`,
  )
}

/** Angles in radians by position, `dRotary / 2` of them. Scaling as in transformers' modeling_rope_utils. Throws MODEL. */
export function rotaryAngles(
  config: RotaryConfig,
  dRotary: number,
  path: string,
): (position: number) => Float64Array {
  const scaling = config.rope_parameters ?? config.rope_scaling ?? {}
  const type = scaling.rope_type ?? scaling.type ?? 'default'
  if (!known.includes(type)) {
    throw new TaskvecError(
      'MODEL',
      `${path}: rope scaling "${type}" is not supported; known: ${known.join(', ')}`,
    )
  }
  // Before anything of this size is made: the number comes from outside.
  if (dRotary > maxRotary)
    throw new TaskvecError('MODEL', `${path}: a head of ${dRotary} values; at most ${maxRotary} are allowed`)
  const theta = scaling.rope_theta ?? config.rope_theta ?? 10000
  // In f32 step by step, as transformers does: at position 300 the last bits of a frequency are seen.
  let frequencies = Float32Array.from(
    { length: dRotary / 2 },
    (_, i) => 1 / f32(theta ** f32((2 * i) / dRotary)),
  )
  if (type === 'linear') {
    const factor = need(scaling.factor, 'factor', path)
    frequencies = frequencies.map((frequency) => frequency / factor)
  } else if (type === 'llama3') {
    const scale = llama3(scaling, path)
    frequencies = frequencies.map(scale)
  }
  return (position) => Float64Array.from(frequencies, (frequency) => f32(position * frequency))
}

/** LLaMA 3.1: long wavelengths are stretched by `factor`, short ones kept, those between interpolated. */
function llama3(scaling: z.infer<typeof parameters>, path: string): (frequency: number) => number {
  const factor = need(scaling.factor, 'factor', path)
  const low = need(scaling.low_freq_factor, 'low_freq_factor', path)
  const high = need(scaling.high_freq_factor, 'high_freq_factor', path)
  const original = need(scaling.original_max_position_embeddings, 'original_max_position_embeddings', path)
  return (frequency) => {
    const wavelength = f32((2 * Math.PI) / frequency)
    if (wavelength < original / high) return frequency
    if (wavelength > original / low) return frequency / factor
    const smooth = f32(f32(f32(original / wavelength) - low) / (high - low))
    return f32(f32(f32(1 - smooth) * frequency) / factor) + f32(smooth * frequency)
  }
}

const f32 = Math.fround

function need(value: number | undefined, key: string, path: string): number {
  if (value === undefined) throw new TaskvecError('MODEL', `${path}: rope scaling needs "${key}"`)
  return value
}
