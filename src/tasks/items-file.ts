import { z } from 'zod'
import { withKey, type Issue } from '../system/zod-issue.js'
import { didYouMean } from '../domain/did-you-mean.js'
import type { Item, Split } from '../domain/types.js'
import { readTextFile, refuseProblems, type LineProblem } from './text-file.js'

/** Maximum length of a line: room for hundreds of demonstrations. */
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
 * Explicit items in JSON Lines, one per line, used exactly as written, spaces included. Blank lines are skipped. The
 * baseline is [x, ->], so a baseline line's demonstrations and dummy queries are unused.
 * Errors: CONFIG naming what is wrong with file, line and key.
 */
export function readItemsFile(file: string): Record<Split, readonly Item[]> {
  const { items, problems } = scanItemsFile(file)
  refuseProblems(file, problems)
  return items
}

/** The items of every line that has one, and what is wrong with the other lines. Errors: CONFIG if there is no such file. */
export function scanItemsFile(file: string): {
  readonly items: Record<Split, readonly Item[]>
  readonly problems: readonly LineProblem[]
} {
  const items: Record<Split, Item[]> = { baseline: [], dev: [], test: [] }
  const problems: LineProblem[] = []
  readTextFile(file)
    .split('\n')
    .forEach((text, i) => {
      if (text.trim() === '') return
      const found = parseLine(text)
      if ('item' in found) items[found.split].push(found.item)
      else problems.push(...found.wrong.map((problem) => ({ line: i + 1, ...problem })))
    })
  return { items, problems }
}

type Wrong = Omit<LineProblem, 'line'>
type Line = { readonly split: Split; readonly item: Item } | { readonly wrong: readonly Wrong[] }

function parseLine(text: string): Line {
  if (text.length > maxLineLength) return { wrong: [{ text: 'the line is too long' }] }
  const json = parseJson(text)
  if ('wrong' in json) return json
  const result = itemLine.safeParse(json.value)
  if (!result.success) return { wrong: result.error.issues.flatMap(say).map((found) => ({ text: found })) }

  const { split, demonstrations, query, answer, dummyQueries } = result.data
  const [preferred = '', ...accept] = typeof answer === 'string' ? [answer] : answer
  if (split === 'baseline')
    return { split, item: { demonstrations: [], query, answer: preferred, accept, dummyQueries: [] } }
  if (dummyQueries.length === 0)
    return { wrong: [{ text: 'dummyQueries: at least one is needed, θ is computed from it' }] }
  return { split, item: { demonstrations, query, answer: preferred, accept, dummyQueries } }
}

function parseJson(text: string): { readonly value: unknown } | { readonly wrong: readonly Wrong[] } {
  try {
    return { value: JSON.parse(text) }
  } catch (cause) {
    const hint = 'Each line is one item: {"split", "demonstrations", "query", "answer", "dummyQueries"}.'
    return { wrong: [{ text: `not JSON: ${(cause as Error).message}`, hint }] }
  }
}

function say(issue: Issue): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.path.length === 0 ? Object.keys(itemLine.shape) : ['input', 'output']
    return issue.keys.map((key) => `unknown key "${key}"${didYouMean(key, known)}`)
  }
  return [withKey(issue)]
}
