/** A value's place in a JSON text: `[start, end)`. */
export interface JsonPlace {
  readonly start: number
  readonly end: number
}

/** An element of an array, or an entry of an object with its key. */
export interface JsonMember extends JsonPlace {
  readonly key: { readonly text: string; readonly start: number } | null
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s"[\]{},:]+/g

/**
 * The members of the array or object at `start` of a JSON text, including repeated keys; JSON.parse gives neither repeated keys nor
 * places. Strings and numbers have no members.
 */
export function jsonMembers(text: string, start: number): JsonMember[] {
  const found: JsonMember[] = []
  const scan = new RegExp(tokens)
  scan.lastIndex = start
  let depth = 0
  let isObject = false
  let key: JsonMember['key'] = null
  let value: { start: number; end: number } | null = null
  for (let match = scan.exec(text); match !== null; match = scan.exec(text)) {
    const [token] = match
    const opens = token === '[' || token === '{'
    const closes = token === ']' || token === '}'
    if (opens && depth === 0) isObject = token === '{'
    else if (!opens && depth === 0) break
    else if (depth === 1 && (closes || token === ',')) {
      if (value !== null) found.push({ ...value, key })
      key = value = null
    } else if (depth === 1 && token === ':') {
      key = value && { text: JSON.parse(text.slice(value.start, value.end)) as string, start: value.start }
      value = null
    } else if (token !== ',' && token !== ':') {
      value ??= { start: match.index, end: 0 }
      value.end = scan.lastIndex
    }
    depth += Number(opens) - Number(closes)
    if (depth === 0) break
  }
  return isObject ? found : found.map((member) => ({ ...member, key: null }))
}

/** Turns offsets of a text into lines, counted from 1. */
export function lineCounter(text: string): (offset: number) => number {
  const ends: number[] = []
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) ends.push(at)
  return (offset) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] as number) < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}
