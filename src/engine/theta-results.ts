import type { EvaluateRequest } from './engine.js'

/** Gathers θ_L of all items into the array that the request asked for; the order of the calls does not matter for 'each'. */
export class ThetaResults {
  readonly #sum: Float64Array
  readonly #each: Float32Array

  constructor(
    private readonly request: Pick<EvaluateRequest, 'items' | 'layers' | 'thetas' | 'part'>,
    private readonly dModel: number,
  ) {
    const { thetas, layers, items, part } = request
    this.#sum = new Float64Array(thetas === 'mean' ? layers.length * dModel : 0)
    if (thetas === 'mean' && part?.thetaSum) this.#sum.set(part.thetaSum)
    this.#each = new Float32Array(thetas === 'each' ? items.length * layers.length * dModel : 0)
  }

  /** @param theta `[d_model]` */
  add(item: number, layerIndex: number, theta: Float32Array): void {
    const { thetas, layers } = this.request
    if (thetas === 'each') this.#each.set(theta, (item * layers.length + layerIndex) * this.dModel)
    if (thetas !== 'mean') return
    const offset = layerIndex * this.dModel
    theta.forEach((value, i) => (this.#sum[offset + i] = (this.#sum[offset + i] as number) + value))
  }

  /** Everything gathered so far, for a checkpoint. */
  get state(): Float32Array | Float64Array {
    return this.request.thetas === 'each' ? this.#each : this.#sum
  }

  restore(bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = this.state
    new Uint8Array(buffer, byteOffset, byteLength).set(bytes)
  }

  /** The part of an EvaluateResult that holds θ. */
  result(): { thetas?: Float32Array; thetaSum?: Float64Array } {
    const { thetas, items, part } = this.request
    const whole = part?.of ?? items.length
    if (thetas === 'each') return { thetas: this.#each }
    if (thetas !== 'mean') return {}
    return {
      ...(part ? { thetaSum: this.#sum } : {}),
      ...(part && part.first + items.length < whole
        ? {}
        : { thetas: Float32Array.from(this.#sum, (value) => value / whole) }),
    }
  }
}
