import { parquetReadObjects } from 'hyparquet'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { harmless } from '../../src/cli/stdout.js'
import type { Values } from '../../src/figures/table.js'
import { writeValues } from '../../src/report/formats.js'
import type { TextFormat } from '../../src/report/text-format.js'
import { writeParquet } from '../../src/report/parquet.js'
import { resultRows, tableNames } from '../../src/report/result-rows.js'
import { averagedTables, overSeeds } from '../../src/report/group-rows.js'
import { pairedBootstrap } from '../../src/statistics/bootstrap.js'
import { wilsonInterval } from '../../src/statistics/wilson.js'
import { openReadOnly } from '../../src/store/open.js'
import { unitKinds } from '../../src/experiments/catalog.js'
import { projectedTokens } from '../../src/experiments/projection/projection.js'
import type { ResultFilter, ResultRows } from '../../src/experiments/sweep-rows.js'
import { sweepRows } from '../../src/report/sweep-rows.js'
import { settingsOfGroup } from '../../src/store/settings.js'
import { findSweep } from '../../src/store/sweeps.js'
import { openStore } from '../../src/store/store.js'
import { begin, furtherDatabase, runFurther } from '../store/further-sample.js'
import { newDatabase, prepared, run, runTask, sweep } from '../store/sample.js'
import { writeSample } from './sample-database.js'

const reader = openReadOnly(furtherDatabase())
const sample = findSweep(reader, 'sample-1')

function named({ columns, rows }: ResultRows): Record<string, unknown>[] {
  const names = Object.keys(columns)
  return Array.from(rows, (row) => {
    expect(row).toHaveLength(names.length)
    return Object.fromEntries(names.map((name, i) => [name, row[i]]))
  })
}
const table = (name: string) => named(resultRows(reader, name, sample, {}))

/** Has rows of the experiments that the other has no units of. */
const drawn = join(mkdtempSync(join(tmpdir(), 'taskvec-rows-')), 'drawn.db')
writeSample(drawn)
const drawnReader = openReadOnly(drawn)
const drawnTable = (name: string) =>
  named(resultRows(drawnReader, name, findSweep(drawnReader, undefined), {}))

function written(rows: readonly Values[], columns: readonly string[], format: TextFormat): string {
  let text = ''
  writeValues(rows, columns, format, (part) => (text += part))
  return text
}

describe('the tables of results', () => {
  it('mediation-means are means over tasks, with 1.96 standard errors on either side', () => {
    const of = ({ model, component, layer, head }: Record<string, unknown>) =>
      [model, component, layer, head].join(' ')
    const rows = drawnTable('mediation')
    for (const mean of drawnTable('mediation-means')) {
      const effects = rows.filter((row) => of(row) === of(mean)).map(({ effect }) => effect as number)
      const expected = effects.reduce((a, b) => a + b, 0) / effects.length
      const squares = effects.reduce((sum, effect) => sum + (effect - expected) ** 2, 0)
      const error = 1.96 * Math.sqrt(squares / (effects.length - 1) / effects.length)
      expect(mean['tasks']).toBe(effects.length)
      expect(mean['effect']).toBeCloseTo(expected, 9)
      expect(mean['low']).toBeCloseTo(expected - error, 9)
      expect(mean['high']).toBeCloseTo(expected + error, 9)
    }
  })

  it.each(tableNames)('%s has rows, each with a value per column', (name) => {
    expect([...table(name), ...drawnTable(name)]).not.toHaveLength(0)
  })

  it.each([
    ['main', 'baseline', 'baselineItems'],
    ['main', 'hypothesis', 'testItems'],
    ['main', 'regular', 'testItems'],
    ['layers', 'accuracy', 'items'],
    ['conflicting', 'regularA', 'items'],
    ['conflicting', 'conflictingB', 'items'],
    ['beyond', 'accuracy', 'items'],
  ] as const)("%s has Wilson's interval of %s", (name, accuracy, items) => {
    for (const row of table(name)) {
      const [share, n] = [row[accuracy] as number, row[items] as number]
      const { low, high } = wilsonInterval(Math.round(share * n), n)
      expect([row[`${accuracy}Low`], row[`${accuracy}High`]]).toEqual([low, high])
      expect(share).toBeLessThanOrEqual(1)
    }
  })

  it('conflicting are shares of the queries', () => {
    expect(table('conflicting')).toMatchObject([
      { items: 3, regularA: 1, regularB: 0, conflictingA: 1 / 3, conflictingB: 2 / 3 },
    ])
  })

  it('take the projection two layers after the best, or after the last block', () => {
    // Of four blocks, the best L is 2: there is no L = 4.
    const tokens = (filter?: ResultFilter) => projectedTokens(sweepRows(reader, sample, filter))
    expect(new Set(tokens().map(({ layer }) => layer))).toEqual(new Set([3]))
    expect(new Set(tokens({ layer: 1 }).map(({ layer }) => layer))).toEqual(new Set([1]))
    expect(tokens({ task: 'upper' })).toHaveLength(2)
  })
})

describe('hypothesis minus regular', () => {
  /** Four test items of which `regular` and `hypothesis` say how many are right, with these demonstrations. */
  function difference(sets: readonly string[]) {
    const file = newDatabase()
    const store = openStore(file, unitKinds)
    store.createSweep(sweep('paired-1', { tasks: [{ kind: 'builtin', id: 'upper' }] }))
    const given = prepared('upper')
    const test = given.items.test.map((item, i) => ({
      ...item,
      demonstrations: sets[i] === '' ? [] : [{ input: sets[i] ?? '', output: 'A' }],
    }))
    runTask(store, 'paired-1', 'upper', [0, 1], 'm', { ...given, items: { ...given.items, test } })
    store.close()
    const db = openReadOnly(file)
    const [row] = named(resultRows(db, 'main', findSweep(db, 'paired-1'), {}))
    db.close()
    return [row?.['difference'], row?.['differenceLow'], row?.['differenceHigh']]
  }
  // runTask: regular has all four right, hypothesis the first three.
  const paired = [0, 0, 0, -1]

  it("has the paired bootstrap's interval, the same for the same sweep", () => {
    const sets = ['a', 'b', 'c', 'd']
    const { low, high } = pairedBootstrap(paired, sets, { seed: 41 })
    expect(low).toBeLessThan(-0.25)
    expect(difference(sets)).toEqual([-0.25, low, high])
    expect(difference(sets)).toEqual(difference(sets))
  })

  it('resamples items with equal demonstrations together', () => {
    const sets = ['a', 'a', 'b', 'b']
    const { low, high } = pairedBootstrap(paired, sets, { seed: 41 })
    expect(difference(sets)).toEqual([-0.25, low, high])
    expect(high).toBe(0)
    expect(low).toBe(-0.5)
  })

  it('gives no information for one set of demonstrations, but items without any are their own clusters', () => {
    expect(difference(['a', 'a', 'a', 'a'])).toEqual([-0.25, -1, 1])
    expect(difference(['', '', '', ''])[1]).toBeGreaterThan(-1)
  })
})

describe('several seeds', () => {
  const file = newDatabase()
  const store = openStore(file, unitKinds)
  for (const [i, id] of ['seeded-41', 'seeded-42', 'seeded-43'].entries()) {
    const units = i < 2 ? {} : { units: [] }
    begin(store, id, { group: 'seeded-group', ...units })
    runFurther(store, id)
  }

  store.createSweep(sweep('apart-1'))
  store.close()
  const db = openReadOnly(file)
  const seeded = (...ids: string[]) =>
    settingsOfGroup(db, findSweep(db, 'seeded-group')).filter(({ id }) => ids.includes(id))

  it('are found by one of them, by their group or by their name', () => {
    for (const wanted of ['seeded-42', 'seeded-group', 'seeded'])
      expect(settingsOfGroup(db, findSweep(db, wanted)).map(({ id }) => id)).toEqual([
        'seeded-41',
        'seeded-42',
        'seeded-43',
      ])
    expect(settingsOfGroup(db, findSweep(db, 'apart-1')).map(({ id }) => id)).toEqual(['apart-1'])
  })

  it.each(averagedTables)('%s: mean and standard deviation by the columns that identify rows', (name) => {
    const rows = named(overSeeds(db, name, seeded('seeded-41', 'seeded-42'), {}))
    const single = named(resultRows(db, name, findSweep(db, 'seeded-41'), {}))
    expect(rows).toHaveLength(single.length)
    rows.forEach((row, i) => {
      expect(row['seeds']).toBe(2)
      for (const [column, value] of Object.entries(row))
        if (column === 'seeds') continue
        else if (column.endsWith('Sd')) expect(value === 0 || value === null, column).toBe(true)
        else expect(value).toEqual(single[i]?.[column])
    })
  })

  it('say how many have a row; one alone has no spread', () => {
    const rows = named(overSeeds(db, 'conflicting', settingsOfGroup(db, findSweep(db, 'seeded-41')), {}))
    expect(rows).toMatchObject([{ seeds: 2, conflictingA: 1 / 3 }])
    expect(named(overSeeds(db, 'main', seeded('seeded-41'), {}))[0]).toMatchObject({
      seeds: 1,
      regularSd: null,
    })
  })

  it('spread: the standard deviation with divisor n - 1', () => {
    const other = newDatabase()
    const writer = openStore(other, unitKinds)
    const dev = [
      [0, 1],
      [0, 3],
    ]
    for (const [i, id] of ['s-41', 's-42'].entries()) {
      writer.createSweep(sweep(id, { group: 'g', tasks: [{ kind: 'builtin', id: 'upper' }] }))
      const given = prepared('upper')
      const devItems = given.items.dev.map((item) => ({ ...item, query: `${item.query} ${id}` }))
      runTask(writer, id, 'upper', dev[i] ?? [], 'm', { ...given, items: { ...given.items, dev: devItems } })
    }
    writer.close()
    const two = openReadOnly(other)
    const rows = named(overSeeds(two, 'layers', settingsOfGroup(two, findSweep(two, 's-41')), { layer: 1 }))
    expect(rows).toEqual([
      {
        model: 'm',
        task: 'upper',
        layer: 1,
        seeds: 2,
        accuracy: 2 / 3,
        accuracySd: expect.closeTo(Math.SQRT2 / 3, 12) as number,
      },
    ])
  })
})

describe('tokens with control characters', () => {
  const hostile = 'a\u001b[2J\u009b31m\u202eb\r\n\tc\u{e0041}'
  // eslint-disable-next-line no-control-regex
  const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e]/

  it.each(['table', 'md', 'latex', 'json'] as const)('are never raw in %s', (format) => {
    expect(written([[hostile, 1]], ['text', 'n'], format)).not.toMatch(obeyed)
  })

  it('are raw in CSV and exact in JSON; on a terminal CSV is escaped too', () => {
    const csv = written([[hostile]], ['text'], 'csv')
    expect(csv).toBe(`text\n"${hostile}"\n`)
    expect(JSON.parse(written([[hostile]], ['text'], 'json'))).toEqual([{ text: hostile }])
    expect(harmless(csv)).not.toMatch(obeyed)
    expect(harmless('a\nb')).toBe('a\nb')
  })

  it('are stored and read as they are', () => {
    const file = newDatabase()
    const store = openStore(file, unitKinds)
    store.createSweep(sweep('hostile-1', { tasks: [{ kind: 'builtin', id: 'upper' }] }))
    const given = prepared('upper')
    const place = { sweepId: 'hostile-1', model: 'm', task: 'upper', seconds: 1, computedBy: 'test' }
    runTask(store, 'hostile-1', 'upper', [1], 'm', {
      ...given,
      items: { ...given.items, baseline: given.items.baseline.map((item) => ({ ...item, query: hostile })) },
    })
    store.recordRuns({ ...place, layersTogether: [], runs: [run('baseline', 'baseline', null, 0)] })
    store.close()
    const db = openReadOnly(file)
    const [row] = named(resultRows(db, 'predictions', findSweep(db, 'hostile-1'), {}))
    expect(row?.['query']).toBe(hostile)
    db.close()
  })
})

describe('LaTeX and Parquet', () => {
  it('LaTeX escapes its special characters', () => {
    const text = written([['a_b&c%$#{}~^\\ → θ', 0.5]], ['x_y', 'n'], 'latex')
    expect(text).toContain(String.raw`x\_y & n \\`)
    expect(text).toContain(
      String.raw`a\_b\&c\%\$\#\{\}\textasciitilde{}\textasciicircum{}\textbackslash{} $\to$ $\theta$ & 0.5 \\`,
    )
    expect(text.match(/\\begin\{tabular\}/g)).toHaveLength(1)
    expect(text.endsWith('\\bottomrule\n\\end{tabular}\n')).toBe(true)
  })

  it.each(tableNames)('Parquet of %s reads back as it was', async (name) => {
    const { columns, rows } = resultRows(reader, name, sample, {})
    const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'rows.parquet')
    writeParquet(rows, columns, file)
    const bytes = readFileSync(file)
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    const read = await parquetReadObjects({ file: buffer })
    expect(read).toEqual(table(name))
  })

  it('Parquet of no rows is a file with its columns', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'taskvec-')), 'rows.parquet')
    writeParquet([], { a: 'text' }, file)
    const bytes = readFileSync(file)
    expect(
      await parquetReadObjects({
        file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      }),
    ).toEqual([])
  })
})
