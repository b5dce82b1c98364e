import { TaskvecError } from '../../domain/errors.js'
import type { Item, PromptFormat } from '../../domain/types.js'

/** Sentences around a query: those of the code of Todd et al. 2023 (github.com/ericwtodd/function_vectors, natural_text_eval.py). */

const ofWords = [
  'The word "{x}", means',
  'When I think of the word "{x}", it usually means',
  'When I think of "{x}", I usually',
  'While reading a book, I came across the word "{x}". I looked it up in a dictionary and it turns out that it means',
  'The word "{x}" can be understood as a synonym for',
]
const ofAnything = ['When you think of {x},']
const ofPlaces = [
  'A couple years ago I visited {x}, and',
  'If you ever travel to {x}, you have to visit',
  ...ofAnything,
]

/** Templates for all tasks, or by task. */
export type Templates = readonly string[] | Readonly<Record<string, readonly string[]>>

/** For a task without its own templates: of places, of other knowledge (people, products), else of words. */
export function templatesOf(task: string, given: Templates): readonly string[] {
  if (isForAll(given)) return given
  const own = given[task]
  if (own) return own
  if (/^knowledge_(country|location|landmark|park)_/.test(task)) return ofPlaces
  return task.startsWith('knowledge_') ? ofAnything : ofWords
}

/** Errors: TASK if a template's task is not in the sweep. */
export function checkTemplates(given: Templates, tasks: readonly string[]): void {
  const unknown = isForAll(given) ? undefined : Object.keys(given).find((task) => !tasks.includes(task))
  if (unknown !== undefined)
    throw new TaskvecError(
      'TASK',
      `naturalText has templates of ${unknown}, which is not among the sweep's tasks`,
    )
}

function isForAll(given: Templates): given is readonly string[] {
  return Array.isArray(given)
}

/** A sentence with the query, followed by the answer. Words are inserted without the leading space that they have in prompts. */
export function inSentence(item: Item, template: string): Item {
  const format: PromptFormat = {
    demonstration: `${template} {y}`,
    query: template,
    ...{ separator: '\n', prefix: '', suffix: '' },
  }
  const { query, answer, accept } = item
  return {
    ...item,
    ...{ demonstrations: [], dummyQueries: [], prompt: format },
    query: query.trim(),
    answer: answer.trim(),
    accept: accept.map((text) => text.trim()),
  }
}
