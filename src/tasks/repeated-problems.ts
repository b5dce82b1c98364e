/** Of one kind of problem, the first so many lines are named. */
const named = 3

/**
 * Messages `FILE:LINE: TEXT`, those of one text in one file together where they are more than three: the first three lines
 * and a count, instead of the first. Other messages stay as they are.
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
