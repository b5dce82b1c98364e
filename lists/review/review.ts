import { parse } from 'csv-parse/sync'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../../src/system/home.js'
import { sha256 } from '../../src/domain/identity.js'
import type { WordListFile } from '../../src/tasks/lists.js'

/** How many entries of each list are judged at each draw. */
const sampleSize = 200

export interface Draw {
  readonly task: string
  readonly seed: number
}

/** Seeds of the draws, in the order in which they were judged; what they found is in the generators. */
export const seeds = [
  41, 42, 20261201, 20261202, 20261203, 20261204, 20261205, 20261206, 20261207, 20261208,
] as const

/** The draw that still applies to a list, if not the latest: the verbs have not changed since the first one. */
const lastSeeds: Readonly<Record<string, number>> = {
  linguistic_present_simple_gerund: 41,
  linguistic_present_simple_past_simple: 41,
  linguistic_present_simple_past_perfect: 41,
  linguistic_antonyms: 20261205,
  knowledge_person_language: 20261205,
  knowledge_location_religion: 20261205,
  translation_de_en: 20261207,
  translation_en_de: 20261208,
  translation_en_es: 20261208,
  translation_en_fr: 20261208,
  translation_en_it: 20261204,
  translation_en_ja: 20261208,
  translation_en_zh: 20261208,
  translation_es_en: 20261208,
  translation_fr_en: 20261208,
  translation_it_en: 20261204,
  translation_ja_en: 20261205,
  translation_zh_en: 20261205,
}

/** The last draw of each list. */
export function draws(tasks: readonly string[]): Draw[] {
  return tasks.map((task) => ({ task, seed: lastSeeds[task] ?? 20261201 }))
}

/** Earlier draws of a list, whose entries are excluded. */
export function earlierDraws({ task, seed }: Draw): Draw[] {
  return seeds.filter((earlier) => earlier < seed).map((earlier) => ({ task, seed: earlier }))
}

const removed = 'removed'

/**
 * One judged entry, a line of lists/review/<category>/<name>.csv (`<name>.seed-20261201.csv`). `input`, `answer` and `accept` are the entry as it
 * stood when it was judged; `correction` is what the list has now in its place, `answer|accept|...` or `removed`.
 */
const judgement = z
  .strictObject({
    input: z.string().min(1),
    answer: z.string().min(1),
    accept: z.string(),
    verdict: z.enum(['', 'right', 'wrong', 'doubtful', 'not first', 'missing']),
    correction: z.string(),
    reason: z.string(),
  })
  .refine(({ verdict, correction }) => correction === '' || verdict !== 'right', {
    message: 'an entry that is right has no correction',
  })
  .refine(({ verdict, reason }) => verdict === '' || verdict === 'right' || reason !== '', {
    message: 'a verdict other than right has its reason',
  })
  .refine(
    ({ verdict, correction }) => !['wrong', 'not first', 'missing'].includes(verdict) || correction !== '',
    {
      message: 'what is wrong has been corrected',
    },
  )
type Judgement = z.infer<typeof judgement>

const columns = ['input', 'answer', 'accept', 'verdict', 'correction', 'reason'] as const

/**
 * The inputs with the lowest hashes of (seed, task, input). Each input's rank depends only on itself, so the draw stays a
 * sample of the list when entries are added or removed: a removed entry makes room for the next, and nothing else moves.
 */
export function drawn({ task, seed }: Draw, inputs: Iterable<string>): string[] {
  return [...new Set(inputs)]
    .map((input) => ({ input, hash: sha256(`${seed} ${task} ${input}`) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .slice(0, sampleSize)
    .map(({ input }) => input)
}

/**
 * The review that a list needs: judgements are kept while the list has their entry, or its correction; entries newly
 * drawn, or changed since they were judged, have a blank verdict. Entries of earlier draws are excluded.
 */
export function reviewOf(draw: Draw, { entries }: Pick<WordListFile, 'entries'>): Judgement[] {
  const old = new Map(readReview(draw).map((row) => [row.input, row]))
  const current = new Map(entries.map(([input, ...answers]) => [input, answers]))
  const gone = [...old.values()].filter(
    ({ input, correction }) => correction === removed && !current.has(input),
  )
  const before = earlierDraws(draw).flatMap(readReview)
  const judged = new Set(before.map(({ input }) => input))
  const candidates = [...current.keys(), ...gone.map(({ input }) => input)]
  return drawn(
    draw,
    candidates.filter((input) => !judged.has(input)),
  ).flatMap((input) => {
    const row = old.get(input)
    const [answer = '', ...accept] = current.get(input) ?? []
    const now = answer === '' ? removed : [answer, ...accept].join('|')
    if (row && now === standing(row)) return [row]
    return [{ input, answer, accept: accept.join('|'), verdict: '' as const, correction: '', reason: '' }]
  })
}

/** What the list must contain for the row to hold. */
function standing({ answer, accept, correction }: Judgement): string {
  if (correction !== '') return correction
  return accept === '' ? answer : `${answer}|${accept}`
}

function reviewPath({ task, seed }: Draw): string {
  const draw = seed === seeds[0] ? '' : `.seed-${seed}`
  return join(projectRoot(), 'lists', 'review', `${task.replace('_', '/')}${draw}.csv`)
}

export function readReview(draw: Draw): Judgement[] {
  if (!existsSync(reviewPath(draw))) return []
  return z.array(judgement).parse(parse(readFileSync(reviewPath(draw), 'utf8'), { columns: true }))
}

export function writeReview(draw: Draw, rows: readonly Judgement[]): void {
  mkdirSync(dirname(reviewPath(draw)), { recursive: true })
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','))
  writeFileSync(reviewPath(draw), `${columns.join(',')}\n${lines.join('\n')}\n`)
}

function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
