/** Who sees whom in one block, as the index arrays and the mask that the block graphs take (architectures/block-parts.ts). */
export interface AttentionLayout {
  readonly items: number
  readonly queryLength: number
  readonly keyLength: number
  /** `[items * queryLength]`, indices into the selected rows. */
  readonly querySlots: readonly number[]
  /** `[items * keyLength]`, indices into all rows. */
  readonly keySlots: readonly number[]
  /** For each selected row, one of its query slots. */
  readonly slotOfRow: readonly number[]
  /** `[items, 1, 1, queryLength, keyLength]` */
  readonly mask: Float32Array
  /** Query-key pairs that are really looked at: what attention would cost without padding. */
  readonly pairs: number
}

/** Large enough that exp gives 0, finite so that a padded slot's softmax stays a number. */
const unseen = -1e30

/**
 * @param groups for each item, the rows (indices into all rows) that take part in its attention
 * @param selected indices of the rows that are computed to the end
 * @param parents for each row, the row before it, -1 at the start
 */
export function attentionLayout(
  groups: readonly (readonly number[])[],
  selected: readonly number[],
  parents: readonly number[],
): AttentionLayout {
  const selectedIndex = new Map(selected.map((row, i) => [row, i]))
  const queries = groups.map((group) => group.filter((row) => selectedIndex.has(row)))
  const items = groups.length
  const queryLength = Math.max(...queries.map((group) => group.length))
  const keyLength = Math.max(...groups.map((group) => group.length))

  // Padded slots point at row 0: computed, masked, never read.
  const querySlots = new Array<number>(items * queryLength).fill(0)
  const keySlots = new Array<number>(items * keyLength).fill(0)
  const slotOfRow = new Array<number>(selected.length).fill(0)
  const mask = new Float32Array(items * queryLength * keyLength).fill(unseen)
  let pairs = 0
  groups.forEach((group, item) => {
    const keySlot = new Map(group.map((row, slot) => [row, slot]))
    group.forEach((row, slot) => (keySlots[item * keyLength + slot] = row))
    queries[item]?.forEach((row, slot) => {
      const querySlot = item * queryLength + slot
      querySlots[querySlot] = selectedIndex.get(row) as number
      // A row shared by several items comes out the same in each of them: any of its slots will do.
      slotOfRow[selectedIndex.get(row) as number] = querySlot
      for (let seen = row; seen >= 0; seen = parents[seen] as number) {
        mask[querySlot * keyLength + (keySlot.get(seen) as number)] = 0
        pairs++
      }
    })
  })
  return { items, queryLength, keyLength, querySlots, keySlots, slotOfRow, mask, pairs }
}
