import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attentionLayout } from '../../src/engine/attention-layout.js'
import { RowTree } from '../../src/engine/row-tree.js'

describe('the tree of rows', () => {
  it('holds a prefix that prompts share once', () => {
    const tree = new RowTree()
    expect(tree.addPrompt([5, 6, 7, 8], 3)).toEqual([0, 1, 2, 3])
    expect(tree.addPrompt([5, 6, 9], 1)).toEqual([0, 1, 4])
    expect(tree.addPrompt([6, 7], 2)).toEqual([5, 6])
    expect(tree.positions).toEqual([0, 1, 2, 3, 2, 0, 1])
    expect(tree.lastBlock).toEqual([3, 3, 3, 3, 1, 2, 2])
  })

  it('returns the tokens of every prompt, whatever is shared', () => {
    const prompts = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 }))
    fc.assert(
      fc.property(prompts, (all) => {
        const tree = new RowTree()
        const placed = all.map((prompt) => tree.addPrompt(prompt, 0))
        placed.forEach((rows, i) => expect(rows.map((row) => tree.tokens[row])).toEqual(all[i]))
        const prefixes = new Set(all.flatMap((prompt) => prompt.map((_, n) => prompt.slice(0, n + 1).join())))
        expect(tree.size).toBe(prefixes.size)
      }),
    )
  })

  it('keeps patched rows separate, even at the same position', () => {
    const tree = new RowTree()
    const [parent = -1] = tree.addPrompt([5], 3)
    expect(tree.addPatched(parent, 3)).not.toBe(tree.addPatched(parent, 3))
    expect(tree.positions).toEqual([0, 1, 1])
  })
})

describe('the attention layout', () => {
  it('lets each row see itself and its ancestors, and nothing else', () => {
    //      0 - 1 - 2        item 0: 0 1 2 3
    //            \ 3        item 1: 0 4
    //        \ 4            row 1 is key and value only
    const parents = [-1, 0, 1, 1, 0]
    const layout = attentionLayout(
      [
        [0, 1, 2, 3],
        [0, 4],
      ],
      [0, 2, 3, 4],
      { parents, positions: [0, 1, 2, 2, 1] },
    )
    expect(layout).toMatchObject({ items: 2, queryLength: 3, keyLength: 4, pairs: 1 + 3 + 3 + 1 + 2 })
    const selected = [0, 2, 3, 4]
    const seen = (item: number, slot: number) =>
      [0, 1, 2, 3]
        .filter((key) => layout.mask[(item * 3 + slot) * 4 + key] === 0)
        .map((key) => layout.keySlots[item * 4 + key])
    expect([seen(0, 0), seen(0, 1), seen(0, 2)]).toEqual([[0], [0, 1, 2], [0, 1, 3]])
    expect([seen(1, 0), seen(1, 1)]).toEqual([[0], [0, 4]])
    selected.forEach((_, i) => expect(layout.querySlots[layout.slotOfRow[i] as number]).toBe(i))
  })
})
