import { components } from '../architectures/components.js'
import type { DecoderSpec, LayerSpec } from '../architectures/decoder.js'
import { TaskvecError } from '../domain/errors.js'
import { checkPrompt, checkToken } from './check-request.js'
import type { ComponentsRequest, Edit } from './components.js'

/** Checks that a components request fits the model. Errors: TASK. */
export function checkComponents(decoder: DecoderSpec, { items, capture }: ComponentsRequest): void {
  const checked = new Set<unknown>() // items may share branches, and branches edits
  const grouped = capture?.components.includes('pattern') ?? false
  for (const { prompt, branches, answerToken, groups = [] } of items) {
    checkPrompt(decoder, prompt)
    checkToken(decoder.vocab, answerToken)
    if (grouped && (groups.length === 0 || groups.length !== items[0]?.groups?.length))
      throw new TaskvecError(
        'TASK',
        `attention to ${groups.length} groups of tokens; there must be at least one, and the same number for every prompt`,
      )
    for (const place of groups.flat())
      if (!Number.isInteger(place) || place < 0 || place >= prompt.length)
        throw new TaskvecError('TASK', `a group has token ${place} of a prompt of ${prompt.length}`)
    for (const branch of branches) {
      if (checked.has(branch)) continue
      checked.add(branch)
      if (branch.length === 0) throw new TaskvecError('TASK', 'a branch has no edit')
      for (const edit of branch) {
        if (!checked.has(edit)) checkEdit(decoder, edit)
        checked.add(edit)
      }
    }
  }
}

function checkEdit(decoder: DecoderSpec, { component, layer, head, scale, added }: Edit): void {
  const spec: LayerSpec | undefined = decoder.layers[layer]
  const refuse = (what: string) => {
    throw new TaskvecError('TASK', `an edit of ${component} in block ${layer}: ${what}`)
  }
  if (!components.includes(component)) refuse(`the components are ${components.join(', ')}`)
  if (!spec) return refuse(`the model has blocks 0 to ${decoder.blocks - 1}`)
  const { heads, dValue } = spec.attention
  if (head !== undefined && component !== 'heads') refuse('it has no heads')
  if (head !== undefined && !(Number.isInteger(head) && head >= 0 && head < heads))
    refuse(`head ${head}; it has heads 0 to ${heads - 1}`)
  if (!Number.isFinite(scale) || !(added?.every(Number.isFinite) ?? true))
    refuse('values that are not finite')
  const width = component !== 'heads' ? decoder.dModel : head === undefined ? heads * dValue : dValue
  if (added && added.length !== width) refuse(`a vector of ${added.length} values; it takes ${width}`)
}
