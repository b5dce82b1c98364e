import type { z } from 'zod'

export type Issue = z.core.$ZodIssue

/** An issue with the key it concerns: `vectors[0].layer: must be at least 0`. */
export function withKey(issue: Issue): string {
  const key = keyPath(issue.path)
  return `${key === '' ? '' : `${key}: `}${inWords(issue)}`
}

/** What is wrong with a request, a line per problem. */
export function malformed({ issues }: z.ZodError): string {
  return issues.map(withKey).join('\n')
}

/** `tasks[1].list` */
export function keyPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

/** An issue as a phrase that follows the key's name: `must be at least 1`. */
export function inWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `must be ${either(issue.values.map(String))}`
    case 'invalid_type':
      return ofType(issue.expected, / received (.+)$/.exec(issue.message)?.[1] ?? '')
    case 'too_small':
      return `must ${atLeast(issue)}`
    case 'too_big':
      return `must ${atMost(issue)}`
    case 'unrecognized_keys':
      return `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`
    default:
      return issue.message
  }
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a map {key: value}',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

function ofType(expected: string, received: string): string {
  if (received === 'undefined') return 'is missing'
  const wanted = `must be ${kinds[expected] ?? expected}`
  if (received === 'null') return `is empty, but ${wanted}`
  if (expected === 'int' && received === 'number') return wanted
  const quotes = expected === 'string' && (received === 'number' || received === 'boolean')
  return `${wanted}, not ${kinds[received] ?? received}${quotes ? ': put it in quotes' : ''}`
}

function atLeast({ origin, minimum, inclusive }: z.core.$ZodIssueTooSmall): string {
  const counted = countedIn(origin)
  if (counted === undefined) return `be ${inclusive === false ? 'greater than' : 'at least'} ${minimum}`
  return minimum === 1 ? 'not be empty' : `have at least ${minimum} ${counted}`
}

function atMost({ origin, maximum, inclusive }: z.core.$ZodIssueTooBig): string {
  const counted = countedIn(origin)
  if (counted === undefined) return `be ${inclusive === false ? 'less than' : 'at most'} ${maximum}`
  return `have at most ${maximum} ${counted}`
}

function countedIn(origin: string): string | undefined {
  return { string: 'characters', array: 'entries' }[origin]
}

function either(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}
