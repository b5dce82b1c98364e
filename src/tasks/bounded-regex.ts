import { createContext, Script } from 'node:vm'
import { TaskvecError } from '../domain/errors.js'

/** Limit of one search, ms: endless backtracking is an error, not a hang. */
const longest = 1000

const known = new Map<string, (text: string) => string | null>()

/** The first match in a text: its first participating group, else all of it. Null: no match. Errors: TASK if it takes too long. */
export function firstMatch(pattern: string, text: string): string | null {
  const find = known.get(pattern) ?? searcher(pattern)
  known.set(pattern, find)
  return find(text)
}

export function isExpression(pattern: string): boolean {
  try {
    return pattern !== '' && new RegExp(pattern, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function searcher(pattern: string): (text: string) => string | null {
  const context = createContext({ text: '', expression: new RegExp(pattern, 'u') })
  const script = new Script('{ const found = expression.exec(text); found && (found[1] ?? found[0]) }')
  return (text) => {
    context['text'] = text
    try {
      return script.runInContext(context, { timeout: longest }) as string | null
    } catch (cause) {
      throw new TaskvecError(
        'TASK',
        `the regular expression ${pattern} takes over ${longest / 1000} s on ${JSON.stringify(text.slice(0, 80))}`,
        {
          cause,
          hint: 'Repetitions within repetitions, such as (a+)+, take exponential time: rewrite it without them.',
        },
      )
    }
  }
}
