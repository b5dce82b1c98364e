import { TaskvecError } from '../../domain/errors.js'

/** Where a θ that is transferred comes from: a task, a composition of tasks, or a random vector. */

export const random = 'random'

const at = ' @ '

/** `translation_en_fr @ k10-qa`: θ of a task in another setting. */
export function withSetting(task: string, setting: string): string {
  return `${task}${at}${setting}`
}

/** The task alone. */
export function withoutSetting(source: string): string {
  return source.split(at)[0] as string
}

export interface Term {
  readonly weight: number
  readonly task: string
}

/**
 * `fr_en + en_es - 0.5 x`: tasks of the sweep by their ids or by the end of them, each with a factor. Errors: TASK if one is not
 * in the sweep or is ambiguous.
 */
export function termsOf(expression: string, tasks: readonly string[]): Term[] {
  const parts = expression.trim().split(/\s+(?=[+-]\s)/)
  return parts.map((part, i) => {
    const [, sign = '', factor = '1', name = ''] =
      /^(?:([+-])\s+)?(?:(\d+(?:\.\d+)?)\s*\*?\s+)?(\S+)$/.exec(part.trim()) ?? []
    if (name === '' || (i > 0 && sign === ''))
      throw new TaskvecError(
        'TASK',
        `"${expression}" is not a composition of tasks, such as "fr_en + en_es - 0.5 antonyms"`,
      )
    return { weight: Number(factor) * (sign === '-' ? -1 : 1), task: taskNamed(name, tasks, expression) }
  })
}

function taskNamed(name: string, tasks: readonly string[], expression: string): string {
  if (tasks.includes(name)) return name
  const ending = tasks.filter((task) => task.endsWith(`_${name}`))
  if (ending.length === 1) return ending[0] as string
  throw new TaskvecError(
    'TASK',
    ending.length === 0
      ? `"${expression}": ${name} is not among the sweep's tasks`
      : `"${expression}": ${name} could be ${ending.join(' or ')}`,
  )
}
