import type { PromptFormat, PromptTemplate } from '../domain/types.js'
import { arrow } from './format.js'

/** Built-in prompt templates (docs/protocol.md, Prompt). */

const plainText = { separator: '\n', prefix: '', suffix: '' }

export const builtinTemplates: readonly PromptTemplate[] = [
  { id: 'arrow', ...arrow },
  { id: 'qa', ...plainText, demonstration: 'Q: {x}\nA: {y}', query: 'Q: {x}\nA:' },
  { id: 'plain', ...plainText, demonstration: '{x} -> {y}', query: '{x} ->' },
  // Todd et al. 2023, "Function Vectors in Large Language Models": the default prefixes and separators of their code.
  {
    id: 'function-vectors',
    ...plainText,
    demonstration: 'Q: {x}\nA: {y}',
    query: 'Q: {x}\nA:',
    separator: '\n\n',
  },
  { id: 'chat', chat: true },
]

/** The format without its name, equal for templates that give the same prompts. Undefined: the paper's. */
export function formatOf(template: PromptTemplate | undefined): PromptFormat | undefined {
  if (template === undefined) return undefined
  if ('chat' in template)
    throw new Error(`the prompt "${template.id}" is the model's chat template, and is not read yet`)
  const { id: _, ...format } = template
  return isArrow(format) ? undefined : format
}

export function isArrow(format: PromptFormat): boolean {
  const keys = ['demonstration', 'query', 'separator', 'prefix', 'suffix'] as const
  return format.bos !== false && keys.every((key) => format[key] === arrow[key])
}

/** The prompt's name in tables and figures. */
export function promptName(template: PromptTemplate | undefined): string {
  return template?.id ?? 'arrow'
}

/** The problem with a template; null if it is valid. */
export function templateProblem({ demonstration, query, suffix }: PromptFormat): string | null {
  const count = (text: string, hole: string) => text.split(hole).length - 1
  if (count(demonstration, '{x}') !== 1 || count(demonstration, '{y}') !== 1)
    return 'demonstration must contain {x} once and {y} once'
  if (demonstration.indexOf('{y}') < demonstration.indexOf('{x}'))
    return 'demonstration must have {x} before {y}'
  if (count(query, '{x}') !== 1 || query.includes('{y}')) return 'query must contain {x} once, and no {y}'
  if (/\{[xy]\}/.test(suffix)) return 'suffix must contain neither {x} nor {y}'
  const before = demonstration.slice(0, demonstration.indexOf('{y}'))
  if (!before.startsWith(query + suffix)) return null
  const gap = before.slice((query + suffix).length)
  return gap.trim() === '' ? null : `query must end where the answer begins, after ${JSON.stringify(gap)}`
}
