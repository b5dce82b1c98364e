import { TaskvecError } from '../domain/errors.js'
import { rolesByConfig, rolesByName, type Columns, type Roles } from './columns.js'
import { jsonMembers, lineCounter, type JsonMember, type JsonPlace } from './json-members.js'
import type { Rows } from './word-list-rows.js'
import { EntryReader } from './json-entries.js'

/**
 * The entries of a JSON word list with their lines: {"hot": "cold"}, {"hot": ["cold", "icy"]}; a list of objects or of
 * [x, y, ...]; {"examples": [..]}; or a list per column, {"input": [..], "output": [..]}. Errors: CONFIG if it isn't JSON.
 */
export function jsonRows(file: string, text: string, columns?: Columns): Rows {
  assertJson(file, text)
  const reader = new EntryReader(text, lineCounter(text), columns)
  const start = text.search(/\S/)
  if (text[start] === '[') for (const entry of jsonMembers(text, start)) reader.entry(entry)
  else if (text[start] === '{') readObject(reader, text, jsonMembers(text, start), columns)
  else reader.problem(start, 'must be a map {"x": "y"} or a list of {input, answer, accept}')
  return reader.result()
}

/** JSON Lines: an object or [x, y, ...] on each; blank lines are skipped. */
export function jsonLinesRows(text: string, columns?: Columns): Rows {
  const reader = new EntryReader(text, lineCounter(text), columns)
  let start = 0
  for (const line of text.split('\n')) {
    const at = start + Math.max(0, line.search(/\S/))
    start += line.length + 1
    if (line.trim() === '') continue
    try {
      JSON.parse(line)
      reader.entry({ start: at, end: start - 1 })
    } catch (error) {
      reader.problem(at, `not JSON: ${(error as Error).message}`)
    }
  }
  return reader.result()
}

function readObject(
  reader: EntryReader,
  text: string,
  members: readonly JsonMember[],
  columns: Columns | undefined,
): void {
  const byColumn = columnsOfLists(text, members, columns)
  if (byColumn) return reader.columns(byColumn, members)
  const wrapped = members.filter((member) => '[{'.includes(firstOf(text, member) ?? ' '))
  if (wrapped.length === 0) for (const member of members) reader.pair(member)
  else if (wrapped.length > 1)
    reader.problem(
      wrapped[1]?.key?.start ?? 0,
      `several lists in one file (${wrapped.map(({ key }) => key?.text).join(', ')}); put each into its own file`,
    )
  else {
    const [list] = wrapped as [JsonMember]
    reader.unused(members.filter((member) => member !== list).map(({ key }) => key?.text ?? ''))
    for (const entry of jsonMembers(text, list.start)) reader.entry(entry)
  }
}

/** If an object holds a list for each column, the roles of its keys. */
function columnsOfLists(
  text: string,
  members: readonly JsonMember[],
  columns: Columns | undefined,
): Roles | undefined {
  const names = members.map(({ key }) => key?.text ?? '')
  const roles = columns ? rolesByConfig(names, columns) : rolesByName(names)
  if (roles === undefined || typeof roles === 'string') return undefined
  const isList = (index: number) => text[members[index]?.start ?? 0] === '['
  return isList(roles.input) && isList(roles.answer) ? roles : undefined
}

/** The first character of a value's first member; a list of texts is not a list of entries. */
function firstOf(text: string, { start }: JsonPlace): string | undefined {
  if (text[start] !== '[' && text[start] !== '{') return undefined
  const inside = text.slice(start + 1).match(/\S/)
  if (text[start] === '[') return inside?.[0]
  const [first] = jsonMembers(text, start)
  return first && text[first.start]
}

function assertJson(file: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (cause) {
    const { message } = cause as Error
    // Older versions of Node give the offset only.
    const offset = /at position (\d+)/.exec(message)?.[1]
    const line = offset === undefined ? '' : `:${text.slice(0, Number(offset)).split('\n').length}`
    const lines = /^\s*[[{].*\n\s*[[{]/.test(text)
    const hint = lines ? { hint: 'An entry on each line is JSON Lines: name the file .jsonl.' } : {}
    throw new TaskvecError('CONFIG', `${file}${line}: not JSON: ${message}`, { cause, ...hint })
  }
}
