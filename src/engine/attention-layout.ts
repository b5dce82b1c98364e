/** The attention pattern of one block, as the index arrays and mask that block graphs take (architectures/block-inputs.ts). */
export interface AttentionLayout {
  readonly items: number
  readonly queryLength: number
  readonly keyLength: number
  /** `[items * queryLength]`, indices into the selected rows. */
  readonly querySlots: Int32Array
  /** `[items * keyLength]`, indices into all rows. */
  readonly keySlots: Int32Array
  /** For each selected row, one of its query slots. */
  readonly slotOfRow: Int32Array
  /** `[items * keyLength]`, the positions of the rows in the key slots. */
  readonly keyPositions: Float32Array
  /** `[items, 1, 1, queryLength, keyLength]` */
  readonly mask: Float32Array
  /** Unmasked query-key pairs: the cost of attention without padding. */
  readonly pairs: number
}

/** Large enough that exp gives 0, finite so that a padded slot's softmax stays a number. */
const unseen = -1e30

/** Rows as the layout sees them. */
export interface LayoutRows {
  /** For each row, the row before it, -1 at the start. */
  readonly parents: ArrayLike<number>
  /** For each row, its position in its prompt. */
  readonly positions: ArrayLike<number>
}

/**
 * @param groups for each item, the rows (indices into all rows) that take part in its attention
 * @param selected indices of the rows that are computed to the end
 * @param firstSeen the first position that a row at a position sees: sliding windows and chunks
 * @param asking for each group, those of its rows whose queries it answers; default: all
 */
export function attentionLayout(
  groups: readonly (readonly number[])[],
  selected: readonly number[],
  { parents, positions }: LayoutRows,
  firstSeen: (position: number) => number = () => 0,
  asking = groups,
): AttentionLayout {
  const selectedIndex = new Int32Array(parents.length).fill(-1)
  selected.forEach((row, i) => (selectedIndex[row] = i))
  const queries = asking.map((group) => group.filter((row) => at(selectedIndex, row) >= 0))
  const items = groups.length
  const queryLength = Math.max(...queries.map((group) => group.length))
  const keyLength = Math.max(...groups.map((group) => group.length))

  // Padded slots point at row 0: computed, masked, never read.
  const querySlots = new Int32Array(items * queryLength)
  const keySlots = new Int32Array(items * keyLength)
  const keyPositions = new Float32Array(items * keyLength)
  const slotOfRow = new Int32Array(selected.length)
  const mask = new Float32Array(items * queryLength * keyLength).fill(unseen)
  // Of the item at hand; a group holds all ancestors of its rows, so entries left by other items are never met.
  const keySlot = new Int32Array(parents.length)
  let pairs = 0
  groups.forEach((group, item) => {
    group.forEach((row, slot) => {
      keySlot[row] = slot
      keySlots[item * keyLength + slot] = row
      keyPositions[item * keyLength + slot] = at(positions, row)
    })
    queries[item]?.forEach((row, slot) => {
      const querySlot = item * queryLength + slot
      querySlots[querySlot] = at(selectedIndex, row)
      // A row shared by several items comes out the same in each of them: any of its slots will do.
      slotOfRow[at(selectedIndex, row)] = querySlot
      const first = firstSeen(at(positions, row))
      for (let seen = row; seen >= 0 && at(positions, seen) >= first; seen = at(parents, seen)) {
        mask[querySlot * keyLength + at(keySlot, seen)] = 0
        pairs++
      }
    })
  })
  return { items, queryLength, keyLength, querySlots, keySlots, keyPositions, slotOfRow, mask, pairs }
}

/**
 * Each row attends over its own path: a group of rows with little in common would be mostly masked.
 * @param paths for each of the Q rows, the rows that it sees, itself included, as indices into the C + R
 * @param positions of the rows on each path
 */
export function pathLayout(
  paths: readonly (readonly number[])[],
  positions: readonly (readonly number[])[],
): AttentionLayout {
  const items = paths.length
  const keyLength = Math.max(...paths.map(({ length }) => length))
  const keySlots = new Int32Array(items * keyLength)
  const keyPositions = new Float32Array(items * keyLength)
  const mask = new Float32Array(items * keyLength).fill(unseen)
  let pairs = 0
  paths.forEach((path, item) => {
    const first = item * keyLength
    keySlots.set(path, first)
    keyPositions.set(positions[item] ?? [], first)
    mask.fill(0, first, first + path.length)
    pairs += path.length
  })
  const slots = Int32Array.from(paths, (_, item) => item)
  const lengths = { items, queryLength: 1, keyLength }
  return { ...lengths, querySlots: slots, keySlots, keyPositions, slotOfRow: slots, mask, pairs }
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number
}
