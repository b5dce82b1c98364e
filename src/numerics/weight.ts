/** A Linear's weight, `[out, in]`, as f32. */
export interface Weight {
  readonly name: string
  readonly values: Float32Array
  readonly outputs: number
  readonly inputs: number
}
