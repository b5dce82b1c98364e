import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { ColumnType } from '../experiments/sweep-rows.js'
import type { Value, Values } from '../figures/table.js'

const types = { text: 'STRING', whole: 'INT32', real: 'DOUBLE', truth: 'BOOLEAN' } as const

/** Rows of a row group, held in memory at once. */
const groupRows = 100_000

/** One Parquet file, row group by row group. `columns`: in order, with their types. */
export function writeParquet(
  rows: Iterable<Values>,
  columns: Readonly<Record<string, ColumnType>>,
  path: string,
): void {
  const sources = Object.entries(columns).map(([name, type]) => sourceOf(name, type))
  const schema = schemaFromColumnData({ columnData: sources.map((source) => ({ ...source, data: [] })) })
  const file = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: 'taskvec' })
  let data: Value[][] = sources.map(() => [])
  let count = 0
  const endGroup = () => {
    void file.write({
      columnData: sources.map((source, i) => ({ ...source, data: data[i] as Value[] })),
      rowGroupSize: groupRows,
    })
    data = sources.map(() => [])
    count = 0
  }
  for (const row of rows) {
    data.forEach((column, i) => column.push(row[i] ?? null))
    if (++count === groupRows) endGroup()
  }
  endGroup()
  void file.finish()
}

/** Columns that readers filter by: equal values are adjacent, and row groups record which they have. */
const soughtBy = ['model', 'task', 'category', 'split', 'kind', 'analysis', 'layer']

function sourceOf(name: string, type: ColumnType) {
  return {
    name,
    type: types[type],
    nullable: true,
    statistics: soughtBy.includes(name),
    // Measured numbers neither repeat nor compress.
    ...(type === 'real' && ({ encoding: 'PLAIN', codec: 'UNCOMPRESSED' } as const)),
  }
}
