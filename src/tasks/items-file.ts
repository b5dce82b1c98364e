import { z } from 'zod'
import { inWords, type Issue } from '../config/issue.js'
import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/nearest.js'
import type { Item, Split } from '../domain/types.js'
import { readTextFile } from './text-file.js'

/** One line may hold hundreds of demonstrations, not a book. */
const maxLineLength = 1_000_000

const answer = z.string().refine((text) => text.trim() !== '', 'must not be blank')

const itemLine = z.strictObject({
  split: z.enum(['baseline', 'dev', 'test']),
  demonstrations: z.array(z.strictObject({ input: z.string(), output: z.string() })).default([]),
  query: z.string(),
  answer: z.union([answer, z.array(answer).min(1)], {
    error: 'must be a string, or a list of them with the preferred one first; none blank',
  }),
  dummyQueries: z.array(z.string()).default([]),
})

/**
 * Explicit items: JSON Lines, a line each, used exactly as written, spaces included. Blank lines are skipped. The
 * baseline is [x, ->], so a baseline line's demonstrations and dummy queries take no part.
 * Errors: CONFIG with file, line and key.
 */
export function readItemsFile(file: string): Record<Split, readonly Item[]> {
  const items: Record<Split, Item[]> = { baseline: [], dev: [], test: [] }
  readTextFile(file)
    .split('\n')
    .forEach((text, i) => {
      if (text.trim() === '') return
      const { split, item } = parseLine(text, `${file}:${i + 1}`)
      items[split].push(item)
    })
  return items
}

function parseLine(text: string, where: string): { split: Split; item: Item } {
  if (text.length > maxLineLength) throw new TaskvecError('CONFIG', `${where}: the line is too long`)
  const result = itemLine.safeParse(parseJson(text, where))
  if (!result.success)
    throw new TaskvecError('CONFIG', result.error.issues.map((issue) => say(issue, where)).join('\n'))

  const { split, demonstrations, query, answer, dummyQueries } = result.data
  const [preferred = '', ...accept] = typeof answer === 'string' ? [answer] : answer
  if (split === 'baseline')
    return { split, item: { demonstrations: [], query, answer: preferred, accept, dummyQueries: [] } }
  if (dummyQueries.length === 0)
    throw new TaskvecError('CONFIG', `${where}: dummyQueries: at least one is needed, θ is computed from it`)
  return { split, item: { demonstrations, query, answer: preferred, accept, dummyQueries } }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TaskvecError('CONFIG', `${where}: not JSON: ${(cause as Error).message}`, {
      hint: 'Each line is one item: {"split", "demonstrations", "query", "answer", "dummyQueries"}.',
      cause,
    })
  }
}

function say(issue: Issue, where: string): string {
  if (issue.code === 'unrecognized_keys') {
    const known = [...Object.keys(itemLine.shape), 'input', 'output']
    return issue.keys.map((key) => `${where}: unknown key "${key}"${didYouMean(key, known)}`).join('\n')
  }
  const key = issue.path.map(String).join('.')
  return `${where}: ${key ? `${key}: ` : ''}${inWords(issue)}`
}
