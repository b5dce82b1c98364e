import { ByteWriter, fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { ColumnType } from '../experiments/sweep-rows.js'
import type { Value, Values } from '../figures/table.js'

/** Columns in order, with their types. */
type Columns = Readonly<Record<string, ColumnType>>

const types = { text: 'STRING', whole: 'INT32', real: 'DOUBLE', truth: 'BOOLEAN' } as const

/** Rows of a Parquet row group: what is held in memory at once. */
const groupRows = 100_000

type Metadata = ParquetWriter['row_groups'][number]

/** Rows encoded by themselves, so that any thread can do it: `offsets` in the metadata count from the first of the bytes. */
export interface RowGroup {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly metadata: Metadata
}

/** One Parquet file, row group by row group. */
export function writeParquet(rows: Iterable<Values>, columns: Columns, path: string): void {
  const file = new ParquetFile(path, columns)
  let group: Values[] = []
  for (const row of rows) {
    group.push(row)
    if (group.length < groupRows) continue
    file.append(encodeRows(group, columns))
    group = []
  }
  file.append(encodeRows(group, columns))
  file.finish()
}

/** All of the rows as one group; null where there are none. */
export function encodeRows(rows: Iterable<Values>, columns: Columns): RowGroup | null {
  const sources = Object.entries(columns).map(([name, type]) => ({
    ...sourceOf(name, type),
    data: [] as Value[],
  }))
  let count = 0
  for (const row of rows) {
    for (let i = 0; i < sources.length; i++) sources[i]?.data.push(row[i] ?? null)
    count++
  }
  const to = new ByteWriter()
  const writer = writerTo(to, columns)
  const start = to.offset
  void writer.write({ columnData: sources, rowGroupSize: count })
  const [metadata] = writer.row_groups
  return metadata ? { bytes: to.getBytes().slice(start), metadata: moved(metadata, -start) } : null
}

export class ParquetFile {
  readonly #writer: ParquetWriter

  constructor(path: string, columns: Columns) {
    this.#writer = writerTo(fileWriter(path), columns)
  }

  append(group: RowGroup | null): void {
    if (group === null) return
    const { writer, row_groups } = this.#writer
    row_groups.push(moved(group.metadata, writer.offset))
    this.#writer.num_rows += group.metadata.num_rows
    writer.appendBytes(group.bytes)
  }

  finish(): void {
    void this.#writer.finish()
  }
}

function writerTo(writer: ParquetWriter['writer'], columns: Columns): ParquetWriter {
  const columnData = Object.entries(columns).map(([name, type]) => ({ ...sourceOf(name, type), data: [] }))
  return new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData }), createdBy: 'taskvec' })
}

/** What readers look for: rows of one of these stand together, and a row group says which it has. */
const soughtBy = ['model', 'task', 'category', 'split', 'kind', 'analysis', 'layer']

function sourceOf(name: string, type: ColumnType) {
  return {
    name,
    type: types[type],
    nullable: true,
    statistics: soughtBy.includes(name),
    // An index of pages would have to be moved too.
    offsetIndex: false,
    // Digits of measured numbers neither come again nor get shorter.
    ...(type === 'real' && ({ encoding: 'PLAIN', codec: 'UNCOMPRESSED' } as const)),
  }
}

function moved(group: Metadata, by: number): Metadata {
  const distance = BigInt(by)
  return {
    ...group,
    columns: group.columns.map(({ meta_data: data, ...column }) => ({
      ...column,
      file_offset: column.file_offset + distance,
      ...(data && {
        meta_data: {
          ...data,
          data_page_offset: data.data_page_offset + distance,
          ...(data.dictionary_page_offset !== undefined && {
            dictionary_page_offset: data.dictionary_page_offset + distance,
          }),
        },
      }),
    })),
  }
}
