import Database from 'better-sqlite3'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { furtherDatabase } from './further-sample.js'

const document = readFileSync(join(projectRoot(), 'docs', 'querying.md'), 'utf8')
const questions = [...document.matchAll(/\*\*(\d+)\. ([^]*?)\*\*\n```sql\n([^]*?)```/g)].map(
  ([, number, question, sql]) => ({ number: Number(number), question: question ?? '', sql: sql ?? '' }),
)

let db: Database.Database
beforeAll(() => {
  db = new Database(furtherDatabase(), { readonly: true })
})
afterAll(() => {
  db.close()
})

describe('docs/querying.md', () => {
  it('has twenty questions', () => {
    expect(questions.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it.each(questions)('answers question $number', ({ number, sql }) => {
    const rows = db.prepare(sql).all() as Record<string, unknown>[]
    // In the sample, demonstrations help every task: none is left out.
    if (number === 4) return expect(rows).toEqual([])
    expect(rows).not.toHaveLength(0)
    // A column that is empty in every row would be a join that finds nothing.
    for (const column of Object.keys(rows[0] ?? {}))
      if (column !== 'group_id')
        expect(
          rows.some((row) => row[column] !== null),
          column,
        ).toBe(true)
  })
})
