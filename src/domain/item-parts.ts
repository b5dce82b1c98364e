/** Cuts a split's items into parts that are computed and stored one by one; results are the same as in one piece. */

/** Some items of a split, from `first` (included) to `end` (excluded). */
export interface ItemPart {
  readonly first: number
  readonly end: number
}

/**
 * Where the engine's chunks of `total` items begin, and where the last one ends. Chunks are of nearly equal size: a small last
 * one would go through all the weights for a few rows.
 */
export function chunkBounds(total: number, itemsPerChunk: number): number[] {
  const chunks = Math.ceil(total / itemsPerChunk)
  return Array.from({ length: chunks + 1 }, (_, i) => (i === 0 ? 0 : Math.floor((i * total) / chunks)))
}

/**
 * Parts of whole engine chunks, so that whatever the limits are every item is computed together with the same others: shapes
 * can move last bits. A chunk that is over a limit by itself is a part of its own.
 *
 * @param sizes bytes of each item of the split
 */
export function cutItems(
  sizes: readonly number[],
  itemsPerChunk: number,
  most: { readonly items: number; readonly bytes: number },
): ItemPart[] {
  const bounds = chunkBounds(sizes.length, itemsPerChunk)
  const parts: ItemPart[] = []
  let first = 0
  let bytes = 0
  for (let chunk = 0; chunk + 1 < bounds.length; chunk++) {
    const [begin = 0, end = 0] = [bounds[chunk], bounds[chunk + 1]]
    const own = sizes.slice(begin, end).reduce((sum, size) => sum + size, 0)
    if (begin > first && (end - first > most.items || bytes + own > most.bytes)) {
      parts.push({ first, end: begin })
      first = begin
      bytes = 0
    }
    bytes += own
  }
  if (first < sizes.length) parts.push({ first, end: sizes.length })
  return parts
}
