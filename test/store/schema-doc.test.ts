import Database from 'better-sqlite3'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { completeDatabase } from './sample.js'

const document = readFileSync(join(projectRoot(), 'docs', 'schema.md'), 'utf8')

let db: Database.Database
beforeAll(() => {
  db = new Database(completeDatabase(), { readonly: true })
})
afterAll(() => {
  db.close()
})

/** The part of the document below `### name`. */
function section(name: string): string {
  return document.split(`### \`${name}\`\n`)[1]?.split(/\n##+ /)[0] ?? ''
}

describe('docs/schema.md', () => {
  it('describes every column of every table and view, and no others', () => {
    const names = db
      .prepare(
        "select name from sqlite_master where type in ('table', 'view') and name not like '\\_\\_%' escape '\\'",
      )
      .pluck()
      .all() as string[]
    for (const name of names) {
      const columns = db.prepare('select name from pragma_table_info(?)').pluck().all(name) as string[]
      const described = section(name)
      expect(
        columns.filter((column) => !described.includes(`\`${column}\``)),
        `${name}: not described`,
      ).toEqual([])
    }
    const headings = [...document.matchAll(/^### `(.+)`$/gm)].map(([, name]) => name)
    expect(headings.sort()).toEqual(names.sort())
  })

  it('has queries that run and find something', () => {
    const queries = [...document.matchAll(/```sql\n([^]*?)```/g)].map(([, query]) => query ?? '')
    expect(queries).toHaveLength(5)
    const counts = queries.map((query) => db.prepare(query.replace("'smollm2-135m-q4'", "'m'")).all().length)
    // The sample's sweep is complete: nothing is still to be done.
    expect(counts).toEqual([4, 2, 2, 0, 2])
  })
})
