import { parquetReadObjects } from 'hyparquet'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { textOf } from '../../src/report/formats.js'
import { textFormats, type Format, type TextFormat } from '../../src/report/text-format.js'
import { everything, renderer, type Part, type PartSize, type Render } from '../../src/report/part.js'
import { resultRows, tableNames } from '../../src/report/result-rows.js'
import { inTwoThreads } from '../../src/report/two-threads.js'
import { textOfTable, writeParquetTable } from '../../src/report/write-table.js'
import { openReadOnly } from '../../src/store/open.js'
import { partsOf } from '../../src/store/result-parts.js'
import type { ResultFilter } from '../../src/experiments/sweep-rows.js'
import { findSweep } from '../../src/store/sweeps.js'
import { openStore } from '../../src/store/store.js'
import { furtherDatabase } from '../store/further-sample.js'
import { newDatabase, runTask, sweep as sweepOf } from '../store/sample.js'

const db = openReadOnly(furtherDatabase())
const sweep = findSweep(db, 'sample-1')
/** Every part as small as it can be. */
const size: PartSize = { rows: 1, milliseconds: Infinity }

/** As one thread writes them, in one go. */
function atOnce(table: string, format: TextFormat, filter: ResultFilter = {}): string {
  const { columns, rows } = resultRows(db, table, sweep, filter)
  return [...textOf(rows, Object.keys(columns), format)].join('')
}

async function inParts(table: string, format: TextFormat, filter: ResultFilter = {}): Promise<string> {
  let text = ''
  for await (const piece of textOfTable({ db, table, sweep, filter, size }, format))
    text += typeof piece === 'string' ? piece : Buffer.from(piece).toString()
  return text
}

describe('a whole table', () => {
  it.each(tableNames)('%s is the same in parts as at once, in every text format', async (table) => {
    for (const format of textFormats) expect(await inParts(table, format), format).toBe(atOnce(table, format))
  })

  it.each([
    { model: 'm' },
    { task: 'upper' },
    { task: 'upper', layer: 1 },
    { category: 'algorithmic' },
    { kind: 'none such' },
  ])('is the same with the filter %o', async (filter) => {
    for (const format of textFormats)
      expect(await inParts('predictions', format, filter), format).toBe(atOnce('predictions', format, filter))
  })

  it.each(['predictions', 'projection', 'main'] as const)(
    '%s is the same in Parquet, row group by row group',
    async (table) => {
      const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'rows.parquet')
      await writeParquetTable({ db, table, sweep, filter: {}, size }, file)
      const bytes = readFileSync(file)
      const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
      const { columns, rows } = resultRows(db, table, sweep, {})
      const names = Object.keys(columns)
      expect(await parquetReadObjects({ file: buffer })).toEqual(
        Array.from(rows, (row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))),
      )
    },
  )
})

describe('parts in two threads', () => {
  const file = newDatabase()
  const store = openStore(file)
  const models = Array.from({ length: 40 }, (_, i) => `m${i}`)
  store.createSweep(sweepOf('many-1', { models: models.map((id) => ({ id, source: id })) }))
  for (const model of models)
    for (const task of ['upper', 'first']) runTask(store, 'many-1', task, [0, 2, 3, 3], model)
  store.close()
  const db = openReadOnly(file)
  const many = findSweep(db, 'many-1')
  const filters = partsOf(db, { parts: 'task' }, 'many-1', {})
  const asked = (format: Format) => ({ table: 'predictions', sweep: many, format, first: [] }) as const
  const alone = (format: Format) => {
    const render = renderer(db, asked(format))
    return filters.map((filter) => render([filter], everything))
  }
  const all = async (format: Format, render: Render, database = file) => {
    const parts: Part[] = []
    for await (const part of inTwoThreads(filters, render, { ...asked(format), db: database }, size))
      parts.push(part)
    return parts
  }

  it.each(['json', 'parquet'] as const)(
    'are the same, whoever rendered them, in order: %s',
    async (format) => {
      const render = renderer(db, asked(format))
      let own = 0
      const slowly: Render = (queue, size) => {
        own++
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
        return render(queue, size)
      }
      expect(await all(format, slowly)).toEqual(alone(format))
      expect(own).toBeLessThan(filters.length)
    },
  )

  it('are all there, in order, where the second thread cannot work', async () => {
    expect(await all('csv', renderer(db, asked('csv')), '/no/such/database')).toEqual(alone('csv'))
  })

  it('are one, by this thread alone, where the table is small', async () => {
    const render = renderer(db, asked('csv'))
    const parts: Part[] = []
    const small = { rows: 10_000, milliseconds: Infinity }
    for await (const part of inTwoThreads(filters, render, { ...asked('csv'), db: file }, small))
      parts.push(part)
    expect(parts).toHaveLength(1)
  })

  it('wait where nobody takes them', async () => {
    const render = renderer(db, asked('csv'))
    let own = 0
    const counted: Render = (queue, size) => {
      own++
      return render(queue, size)
    }
    const parts = inTwoThreads(filters, counted, { ...asked('csv'), db: file }, size)
    for (let taken = 1; taken <= 3; taken++) {
      await parts.next()
      await setTimeout(50)
      expect(own).toBeLessThanOrEqual(taken + 4)
    }
    await parts.return(undefined)
  })
})
