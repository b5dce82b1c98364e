import { jsonMembers, type JsonMember, type JsonPlace } from './json-members.js'

/** Nested members by their full path; in a list of objects, those of each object. */
export interface InnerMember extends JsonMember {
  readonly others?: readonly JsonPlace[]
}

/**
 * The members of an object, in which members requested by a path, such as `answers.text`, replace the value that
 * holds them. Names that are members themselves are not paths.
 */
export function withInner(
  text: string,
  members: readonly JsonMember[],
  asked: readonly (string | number | undefined)[],
): readonly InnerMember[] {
  const names = members.map(({ key }) => key?.text)
  const paths = asked.filter(
    (column): column is string =>
      typeof column === 'string' && column.includes('.') && !names.includes(column),
  )
  const opened = new Set<JsonMember>()
  const inner = paths.flatMap((path): InnerMember[] => {
    const outer = members.find(({ key }) => key !== null && path.startsWith(`${key.text}.`))
    if (!outer?.key) return []
    const found = valuesAt(text, outer, path.slice(outer.key.text.length + 1))
    // An empty list has neither objects nor texts.
    const [first, ...others] = found.length === 0 && isEmpty(text, outer) ? [outer] : found
    if (!first) return []
    opened.add(outer)
    return [{ start: first.start, end: first.end, key: { text: path, start: outer.key.start }, others }]
  })
  return inner.length === 0 ? members : [...members.filter((member) => !opened.has(member)), ...inner]
}

function valuesAt(text: string, { start }: JsonPlace, path: string): JsonPlace[] {
  const members = jsonMembers(text, start)
  if (text[start] === '[') return members.flatMap((member) => valuesAt(text, member, path))
  return members.flatMap((member) => {
    const name = member.key?.text ?? ''
    if (name === path) return [member]
    return path.startsWith(`${name}.`) ? valuesAt(text, member, path.slice(name.length + 1)) : []
  })
}

function isEmpty(text: string, { start }: JsonPlace): boolean {
  return text[start] === '[' && jsonMembers(text, start).length === 0
}
