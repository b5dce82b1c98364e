import type { LayerSpec } from '../architectures/decoder.js'
import { concatenated, weightRefs } from '../architectures/norms.js'
import type { BlockSessions } from './block-sessions.js'
import type { LastTokens } from './last-tokens.js'
import type { Captured, ComponentItem, ComponentsRequest, ComponentsResult } from './components.js'

/** Values captured in a components pass, per item or as a mean in f64. */
export class Captures {
  /** By component and layer: sums, `[width]`, or values, `[items, width]`. */
  readonly #values = new Map<Captured, (Float32Array | Float64Array)[]>()

  constructor(
    private readonly sessions: BlockSessions,
    private readonly asked: NonNullable<ComponentsRequest['capture']>,
    private readonly items: readonly ComponentItem[],
  ) {
    for (const component of asked.components) this.#values.set(component, [])
  }

  /** Adds the last tokens of consecutive items, starting with item `first`. */
  add(layer: number, first: number, lasts: LastTokens): void {
    for (const [component, layers] of this.#values) {
      const rows =
        component === 'contributions'
          ? this.#weighed(layer, lasts)
          : component === 'pattern'
            ? this.#grouped(layer, first, lasts)
            : lasts[component]
      const width = this.#width(component, layer)
      if (this.asked.as === 'each') {
        layers[layer] ??= new Float32Array(this.items.length * width)
        layers[layer].set(rows, first * width)
      } else {
        const sum = (layers[layer] ??= new Float64Array(width))
        for (let i = 0; i < rows.length; i++)
          sum[i % width] = (sum[i % width] as number) + (rows[i] as number) / this.items.length
      }
    }
  }

  result(): ComponentsResult['captured'] {
    return Object.fromEntries(
      [...this.#values].map(([component, layers]) => [
        component,
        layers.map((values, layer) =>
          component === 'contributions' ? this.#projected(layer, values) : Float32Array.from(values),
        ),
      ]),
    )
  }

  #width(component: Captured, layer: number): number {
    const { heads, dValue } = this.#layer(layer).attention
    if (component === 'pattern') return heads * (this.items[0]?.groups?.length ?? 0)
    return component === 'heads' || component === 'contributions'
      ? heads * dValue
      : this.sessions.decoder.dModel
  }

  /** Attention to each group of tokens, `[items, heads * groups]`. */
  #grouped(layer: number, first: number, { pattern }: LastTokens): Float32Array {
    const { heads } = this.#layer(layer).attention
    return Float32Array.from(
      pattern.flatMap((weights, i) => {
        const { prompt, groups = [] } = this.items[first + i] as ComponentItem
        return Array.from({ length: heads }, (_, head) =>
          groups.map((places) =>
            places.reduce((sum, place) => sum + (weights[head * prompt.length + place] as number), 0),
          ),
        ).flat()
      }),
    )
  }

  /** Heads divided by the RMS that the norm after attention divides by; the rest of that norm is linear. */
  #weighed(layer: number, { heads, attentionRaw }: LastTokens): Float32Array {
    const norm = this.#layer(layer).norms.afterAttention
    if (!norm || !attentionRaw) return heads
    const { dModel } = this.sessions.decoder
    const width = this.#width('heads', layer)
    const sizes = Array.from({ length: heads.length / width }, (_, row) => {
      const squares = attentionRaw
        .subarray(row * dModel, (row + 1) * dModel)
        .reduce((sum, value) => sum + value * value, 0)
      return Math.sqrt(squares / dModel + norm.epsilon)
    })
    return heads.map((value, i) => value / (sizes[Math.floor(i / width)] as number))
  }

  /** Each head of `[rows, heads * d_value]` through its slice of the output projection: `[rows, heads * d_model]`. */
  #projected(layer: number, values: ArrayLike<number>): Float32Array {
    const { attention, norms, residualScale } = this.#layer(layer)
    const { heads, dValue, out } = attention
    const { dModel } = this.sessions.decoder
    const weight = this.sessions.read(out.weight)
    const [perOutput, perInput] = out.stored === 'out-in' ? [out.inputs, 1] : [1, out.outputs]
    const refs = norms.afterAttention ? weightRefs(norms.afterAttention) : []
    const ofNorm = refs.length > 0 ? concatenated(refs.map((ref) => this.sessions.read(ref))) : null
    const offset = norms.afterAttention?.weightOffset ?? 0
    const rows = values.length / (heads * dValue)
    const projected = new Float32Array(rows * heads * dModel)
    for (let i = 0; i < rows * heads; i++) {
      const inputs = (i % heads) * dValue
      for (let column = 0; column < dModel; column++) {
        let sum = 0
        for (let k = 0; k < dValue; k++)
          sum +=
            (values[i * dValue + k] as number) *
            (weight[column * perOutput + (inputs + k) * perInput] as number)
        const scale = ofNorm ? (ofNorm[column] as number) + offset : 1
        projected[i * dModel + column] = residualScale * scale * sum
      }
    }
    return projected
  }

  #layer(layer: number): LayerSpec {
    return this.sessions.decoder.layers[layer] as LayerSpec
  }
}
