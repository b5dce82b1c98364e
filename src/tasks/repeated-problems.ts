/** How many lines are named for each kind of problem. */
const named = 3

/**
 * Messages `FILE:LINE: TEXT`, merging more than three of the same text in a file: the first three lines
 * and a count, in place of the first. Other messages are unchanged.
 */
export function groupRepeated(messages: readonly string[]): string[] {
  const groups = new Map<string, string[]>()
  for (const message of messages) {
    const [, place = '', text = ''] = /^(.*?:\d+): ([\s\S]*)$/.exec(message) ?? []
    const file = place.replace(/:\d+$/, '')
    const key = place === '' ? message : `${file}\n${text}`
    groups.set(key, [...(groups.get(key) ?? []), message])
  }
  return [...groups].flatMap(([key, of]) => {
    if (of.length <= named) return of
    const [file = '', text] = key.split(/\n([\s\S]*)/)
    if (text === undefined) return of
    const lines = of.slice(0, named).map((message) => message.slice(file.length + 1).split(':')[0])
    return [`${file}:${lines[0]}: ${text} (${of.length} lines: ${lines.join(', ')}, ...)`]
  })
}
