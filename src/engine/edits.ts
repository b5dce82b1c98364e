import { components, innerComponents, type InnerComponent } from '../architectures/components.js'
import type { AttentionSpec } from '../architectures/decoder.js'
import type { BlockEdits } from './tapped-block.js'
import type { Branch, Edit } from './components.js'

/** The edit that the pass reaches first. */
export function firstOf(branch: Branch): Edit {
  const place = ({ layer, component }: Edit) => layer * components.length + components.indexOf(component)
  return branch.reduce((first, edit) => (place(edit) < place(first) ? edit : first))
}

/** Whether the edit is inside a block rather than between two. */
export function isInner({ component }: Edit): boolean {
  return component !== 'resid_pre' && component !== 'resid_post'
}

type Table = BlockEdits['tables'][InnerComponent]

/**
 * The edits that branches make inside block `layer`, as its graph takes them: row 0 of the tables changes nothing.
 *
 * @param branches for each of the block's Q rows, the branch it is of
 */
export function editTables(
  layer: number,
  { heads, dValue }: AttentionSpec,
  dModel: number,
  branches: readonly (Branch | undefined)[],
): BlockEdits {
  const widths = { heads: heads * dValue, attn_out: dModel, resid_mid: dModel, mlp_out: dModel }
  const rowOf = new Map<Branch, number>()
  const editOfRow = branches.map((branch) => {
    if (!branch?.some((edit) => edit.layer === layer && isInner(edit))) return 0
    const row = rowOf.get(branch) ?? rowOf.size + 1
    rowOf.set(branch, row)
    return row
  })
  const table = (component: InnerComponent) => {
    const width = widths[component]
    const scale = new Float32Array((rowOf.size + 1) * width).fill(1)
    const added = new Float32Array(scale.length)
    for (const [branch, row] of rowOf)
      for (const edit of branch)
        if (edit.layer === layer && edit.component === component) {
          const [from, size] = edit.head === undefined ? [0, width] : [edit.head * dValue, dValue]
          for (let cell = row * width + from, i = 0; i < size; i++, cell++) {
            scale[cell] = edit.scale * (scale[cell] as number)
            added[cell] = edit.scale * (added[cell] as number) + (edit.added?.[i] ?? 0)
          }
        }
    return { scale, added, width }
  }
  const [z, attention, middle, mlp] = innerComponents.map(table) as [Table, Table, Table, Table]
  return { editOfRow, tables: { heads: z, attn_out: attention, resid_mid: middle, mlp_out: mlp } }
}
