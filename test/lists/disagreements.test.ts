import { parse } from 'csv-parse/sync'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { projectRoot } from '../../src/system/home.js'
import { readWordList, wordListIds } from '../../src/tasks/lists.js'

const folder = join(projectRoot(), 'lists', 'review', 'disagreements')
const row = z.strictObject({
  input: z.string().min(1),
  ours: z.string().min(1),
  theirs: z.string().min(1),
  verdict: z.enum(['ours right', 'both right', 'corrected', 'removed']),
  now: z.string(),
  reason: z.string().min(1),
})

function rowsOf(file: string) {
  return z.array(row).parse(parse(readFileSync(join(folder, file), 'utf8'), { columns: true }))
}

const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.csv'))
  .sort()

describe.each(files)('disagreements with an independent source: %s', (file) => {
  const rows = rowsOf(file)
  const id = file.replace(/[\\/]/, '_').replace('.csv', '')

  it('are of a list of lists/, each entry once, and the list accepts what the row resolved', () => {
    expect(wordListIds()).toContain(id)
    expect(new Set(rows.map(({ input }) => input)).size).toBe(rows.length)
    const list = new Map(readWordList(id).entries.map(([input, ...answers]) => [input, answers]))
    for (const { input, ours, now } of rows) {
      const resolved = now === '' ? ours : now
      const answers = list.get(input)
      // An input may have been left out since, with the copies above 5%.
      if (answers === undefined || resolved === 'removed') continue
      expect([input, resolved.split('|').filter((answer) => !answers.includes(answer))]).toEqual([input, []])
    }
  })

  it('change the list if the verdict says so, and only then', () => {
    for (const { input, verdict, now } of rows) {
      const expected = verdict === 'removed' ? /^removed$/ : verdict === 'corrected' ? /^(?!removed$)./ : /^$/
      expect([input, now]).toEqual([input, expect.stringMatching(expected)])
    }
  })
})
