import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { projectRoot } from '../system/home.js'
import type { Category, ScoringRule } from '../domain/types.js'
import type { ListTask, Source } from './task.js'

/** A file of lists/<category>/: written by lists/generate, see `npm run data:generate`. */
export interface WordListFile {
  readonly task: string
  readonly category: Category
  readonly scoring: ScoringRule
  /** What the list covers and what it does not. */
  readonly about: string
  /** Date of the facts, YYYY-MM-DD. */
  readonly date: string
  readonly sources: readonly Source[]
  /** [input, preferred answer, ...further accepted answers], most frequent input first. */
  readonly entries: readonly (readonly [string, string, ...string[]])[]
}

/** The folders of lists/ that hold word lists. */
const categories = ['knowledge', 'linguistic', 'translation'] as const satisfies readonly Category[]

/** The file of a word-list task: `knowledge_country_capital` is lists/knowledge/country_capital.json. */
export function wordListPath(id: string): string {
  return join(projectRoot(), 'lists', `${id.replace('_', '/')}.json`)
}

/** Ids of all word lists, in the order of their names. */
export function wordListIds(): string[] {
  return categories
    .flatMap((category) =>
      readdirSync(join(projectRoot(), 'lists', category))
        .filter((name) => name.endsWith('.json'))
        .map((name) => `${category}_${basename(name, '.json')}`),
    )
    .sort()
}

export function readWordList(id: string): WordListFile {
  return JSON.parse(readFileSync(wordListPath(id), 'utf8')) as WordListFile
}

export function wordListTask(id: string): ListTask {
  const { category, scoring, sources, entries } = readWordList(id)
  const pairs = entries.map(([input, output, ...accept]) => ({ input, output, accept }))
  // The first token of a longer answer suffices under the prefix rule, so knowledge lists aren't filtered.
  return { kind: 'list', id, category, scoring, sources, pairs, singleToken: scoring === 'exact' }
}

/** What a built-in list covers and what it does not, and the date of its facts; undefined for generated tasks. */
export function wordListNotes(id: string): Pick<WordListFile, 'about' | 'date'> | undefined {
  return existsSync(wordListPath(id)) ? readWordList(id) : undefined
}
