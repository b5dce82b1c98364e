import { Tensor } from 'onnxruntime-node'
import { type DecoderSpec, type LayerSpec, type Rotary } from '../architectures/decoder.js'
import { keyValueWidths, readsPositions } from '../architectures/decoder-sizes.js'
import type { AttentionLayout } from './attention-layout.js'

export interface BlockInput {
  /** `[R, d_model]` */
  readonly residPre: Float32Array
  /** Positions of the R rows. */
  readonly positions: readonly number[]
  /** The Q of the R rows that are computed to the end. */
  readonly rows: readonly number[]
  readonly layout: AttentionLayout
  /** Keys and values of C further rows to attend to; absent: none. */
  readonly cached?: KeysAndValues | undefined
}

/** As used by attention: normed, clipped and rotated. `[rows, width]` each (`keyValueWidths`). */
export interface KeysAndValues {
  readonly keys: Float32Array
  readonly values: Float32Array
}

const none: KeysAndValues = { keys: new Float32Array(), values: new Float32Array() }

/** A block's inputs, by the names of the graph. */
export class BlockFeeds {
  /** Tables of cosines and sines by position, one for each kind of rotation. */
  readonly #rotary = new Map<Rotary, RotaryTable>()

  constructor(private readonly decoder: DecoderSpec) {}

  of(
    layer: number,
    { residPre, positions, rows, layout, cached = none }: BlockInput,
  ): Record<string, Tensor> {
    const { items, queryLength, keyLength } = layout
    const { keys, values } = this.keysAndValues(layer, cached)
    const { alibi } = (this.decoder.layers[layer] as LayerSpec).attention
    return {
      cached_keys: keys,
      cached_values: values,
      ...(alibi && {
        key_positions: new Tensor('float32', layout.keyPositions, [items, 1, 1, 1, keyLength]),
      }),
      resid_pre: new Tensor('float32', residPre, [positions.length, this.decoder.dModel]),
      rows: int64(rows),
      ...this.#positionFeeds(layer, positions),
      query_slots: int64(layout.querySlots),
      key_slots: int64(layout.keySlots),
      slot_of_row: int64(layout.slotOfRow),
      mask: new Tensor('float32', layout.mask, [items, 1, 1, queryLength, keyLength]),
      items: int64([items]),
      query_length: int64([queryLength]),
      key_length: int64([keyLength]),
    }
  }

  keysAndValues(layer: number, { keys, values }: KeysAndValues): { keys: Tensor; values: Tensor } {
    const widths = keyValueWidths((this.decoder.layers[layer] as LayerSpec).attention)
    return {
      keys: new Tensor('float32', keys, [keys.length / widths.keys, widths.keys]),
      values: new Tensor('float32', values, [values.length / widths.values, widths.values]),
    }
  }

  #positionFeeds(layer: number, positions: readonly number[]): Record<string, Tensor> {
    const { attention } = this.decoder.layers[layer] as LayerSpec
    if (!readsPositions(attention)) return {}
    const feeds = { positions: int64(positions, [positions.length, 1]) }
    const { rotary } = attention
    if (!rotary) return feeds
    const { cos, sin, length } = this.#rotaryTable(rotary, Math.max(...positions) + 1)
    return {
      ...feeds,
      rotary_cos: new Tensor('float32', cos, [length, rotary.width / 2]),
      rotary_sin: new Tensor('float32', sin, [length, rotary.width / 2]),
    }
  }

  #rotaryTable(rotary: Rotary, length: number): RotaryTable {
    const known = this.#rotary.get(rotary)
    if (known && length <= known.length) return known
    // Grown in steps, so that it is rarely rebuilt.
    const grown = Math.ceil(length / 256) * 256
    const { angles, scale } = rotary
    const all = Array.from({ length: grown }, (_, position) => [...angles(position)]).flat()
    const table = {
      length: grown,
      cos: Float32Array.from(all, (angle) => scale * Math.cos(angle)),
      sin: Float32Array.from(all, (angle) => scale * Math.sin(angle)),
    }
    this.#rotary.set(rotary, table)
    return table
  }
}

/** `[length, width / 2]` each */
interface RotaryTable {
  readonly length: number
  readonly cos: Float32Array
  readonly sin: Float32Array
}

/** Indices, 0 to 2^31 - 1, as int64. Only the low words are written, since BigInts would be slow. */
export function int64(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  const data = new BigInt64Array(values.length)
  const words = new Int32Array(data.buffer)
  for (let i = 0; i < values.length; i++) words[2 * i] = values[i] as number
  return new Tensor('int64', data, dims)
}
