import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../config/home.js'
import type { Category, Scoring } from '../domain/types.js'
import type { ListTask, Source } from './task.js'

/** A file of configs/data/<category>/: written by configs/generate, see `npm run data:generate`. */
export interface WordListFile {
  readonly task: string
  readonly category: Category
  readonly scoring: Scoring
  /** What the list says and what it doesn't. */
  readonly about: string
  /** Date of the facts, YYYY-MM-DD. */
  readonly date: string
  readonly sources: readonly Source[]
  /** [input, preferred answer, ...further accepted answers], most frequent input first. */
  readonly entries: readonly (readonly [string, string, ...string[]])[]
}

/** The file of a word-list task, `knowledge_country_capital` being configs/data/knowledge/country_capital.json. */
export function wordListPath(id: string): string {
  return join(projectRoot(), 'configs', 'data', `${id.replace('_', '/')}.json`)
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

/** What a built-in list says and what it doesn't; undefined for tasks made by code. */
export function wordListAbout(id: string): string | undefined {
  return existsSync(wordListPath(id)) ? readWordList(id).about : undefined
}
