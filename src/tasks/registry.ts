import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/did-you-mean.js'
import type { Protocol, TaskSpec } from '../domain/types.js'
import { algorithmicTasks } from './algorithmic.js'
import { furtherTask, furtherTaskIds } from './further.js'
import { wordListTask } from './lists.js'
import type { Source, Task } from './task.js'

/** The eighteen tasks of the paper, in the order of docs/protocol.md, Tasks. */
export const builtinTaskIds = [
  'algorithmic_next_letter',
  'algorithmic_prev_letter',
  'algorithmic_list_first',
  'algorithmic_list_last',
  'algorithmic_to_upper',
  'algorithmic_to_lower',
  'translation_fr_en',
  'translation_es_en',
  'translation_en_fr',
  'translation_en_es',
  'linguistic_present_simple_gerund',
  'linguistic_present_simple_past_simple',
  'linguistic_plural_singular',
  'linguistic_antonyms',
  'knowledge_country_capital',
  'knowledge_person_language',
  'knowledge_location_continent',
  'knowledge_location_religion',
] as const

/** Further tasks, not in `tasks: all`. */
export function furtherIds(): string[] {
  return furtherTaskIds(builtinTaskIds)
}

/** Errors: TASK if a built-in id is unknown or `top` does not fit. */
export function resolveTask(spec: TaskSpec): Task {
  switch (spec.kind) {
    case 'builtin':
      return spec.top === undefined ? builtinTask(spec.id) : mostFrequent(builtinTask(spec.id), spec.top)
    case 'list': {
      const { id, category = 'custom', scoring, singleToken, pairs } = spec
      return { kind: 'list', id, category, scoring, sources: own, pairs, singleToken }
    }
    case 'items': {
      const { id, category = 'custom', scoring, items } = spec
      return { kind: 'items', id, category, scoring, sources: own, items }
    }
  }
}

/** As a sweep runs it: if answers have several tokens, none is filtered for that. Errors: as `resolveTask`. */
export function taskOf(spec: TaskSpec, { answer }: Pick<Protocol, 'answer'>): Task {
  const task = resolveTask(spec)
  return answer && task.kind === 'list' ? { ...task, singleToken: false } : task
}

const own: readonly Source[] = [{ name: "the user's own file", licence: 'not stated' }]

function builtinTask(id: string): Task {
  const algorithmic = algorithmicTasks().find((task) => task.id === id)
  if (algorithmic) return algorithmic
  if ((builtinTaskIds as readonly string[]).includes(id)) return wordListTask(id)
  const further = furtherTask(id)
  if (further) return further
  const known = [...builtinTaskIds, ...furtherIds()]
  throw new TaskvecError('TASK', `unknown task "${id}"${didYouMean(id, known)}`, {
    hint: /[./]/.test(id)
      ? 'A list of your own is given by --file or --list; in a config: {id: mine, list: FILE}.'
      : 'See: taskvec tasks list',
  })
}

/** Word lists are sorted by frequency, so the first n pairs are the most frequent ones. */
function mostFrequent(task: Task, top: number): Task {
  if (task.category === 'algorithmic' || task.kind !== 'list') {
    throw new TaskvecError(
      'TASK',
      `${task.id}: "top" takes the most frequent words of a list, and this task has none`,
    )
  }
  if (top > task.pairs.length) {
    throw new TaskvecError(
      'TASK',
      `${task.id}: top ${top} asked for, but the list has ${task.pairs.length} pairs`,
    )
  }
  return { ...task, pairs: task.pairs.slice(0, top) }
}
