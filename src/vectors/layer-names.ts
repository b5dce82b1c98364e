/**
 * The layer L in a tensor's name, or null. All known tools count blocks from 0 and mean the block's `resid_post`: taskvec
 * (`model/task/setting/L12`), repeng and llama.cpp (`direction.12`: repeng reads `hidden_states[12 + 1]`, llama.cpp adds it after the
 * block with index 12 and refuses 0), and module names (`model.layers.12`, `blocks.12.hook_resid_post`, `layer_12`, `12`).
 * TransformerLens's `hook_resid_pre` is the `resid_post` of the previous block.
 */
export function layerOf(name: string): number | null {
  const own = /(?:^|\/)L(\d{1,5})(?:\/|$)/.exec(name)?.[1]
  if (own !== undefined) return Number(own)
  const numbers = /^\d{1,5}$/.test(name)
    ? [name]
    : [...name.matchAll(/(?:direction|layers?|blocks?|h)[._-]?(\d{1,5})(?!\d)/gi)].map(
        ([, number = '']) => number,
      )
  if (numbers.length !== 1) return null
  const layer = Number(numbers[0])
  if (!/resid_pre/.test(name)) return layer
  return layer === 0 ? null : layer - 1
}
