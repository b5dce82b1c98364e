import type { KeysAndValues } from './block-feeds.js'

/** Keys and values of some rows, concatenated. */
export interface CachedRows extends KeysAndValues {
  /** Each row's place among them. */
  readonly places: ReadonlyMap<number, number>
}

/** Keys and values, per block, of rows that later tokens attend to, so that they are computed once. */
export class KeyValueCache {
  readonly #layers: Layer[]

  /** @param widths of a row's keys and values in each block */
  constructor(widths: readonly { readonly keys: number; readonly values: number }[]) {
    this.#layers = widths.map(({ keys, values }) => ({
      places: new Map<number, number>(),
      keys: new Rows(keys),
      values: new Rows(values),
    }))
  }

  /** Of block `layer`; valid until the next `add` to it. */
  of(layer: number): CachedRows {
    const { places, keys, values } = this.#at(layer)
    return { places, keys: keys.all, values: values.all }
  }

  /** @param rows the rows of `made`; those that are not `wanted` are left out */
  add(layer: number, rows: readonly number[], made: KeysAndValues, wanted: (row: number) => boolean): void {
    const taken = [...rows.keys()].filter((i) => wanted(rows[i] as number))
    const { keys, values, places } = this.#at(layer)
    for (const i of taken) places.set(rows[i] as number, places.size)
    keys.add(made.keys, taken)
    values.add(made.values, taken)
  }

  #at(layer: number): Layer {
    return this.#layers[layer] as Layer
  }
}

interface Layer {
  readonly places: Map<number, number>
  readonly keys: Rows
  readonly values: Rows
}

/** Rows of equal width in a buffer that doubles when full. */
class Rows {
  #data = new Float32Array()
  #length = 0

  constructor(private readonly width: number) {}

  get all(): Float32Array {
    return this.#data.subarray(0, this.#length)
  }

  add(from: Float32Array, places: readonly number[]): void {
    const { width } = this
    const needed = this.#length + places.length * width
    if (needed > this.#data.length) {
      const grown = new Float32Array(Math.max(needed, 2 * this.#length))
      grown.set(this.all)
      this.#data = grown
    }
    for (const place of places) {
      this.#data.set(from.subarray(place * width, (place + 1) * width), this.#length)
      this.#length += width
    }
  }
}
