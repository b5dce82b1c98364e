/** Writers of checkpoint files for tests: they write whatever they are told to, right or wrong. */

export type Field = readonly [
  type: number,
  value: number | string | Buffer | readonly unknown[],
  itemType?: number,
]

interface GgufTensor {
  readonly name: string
  /** As GGUF has them: innermost first. */
  readonly dims: readonly (number | bigint)[]
  readonly type: number
  readonly offset: number | bigint
}

export interface GgufContents {
  readonly version?: number
  readonly tensorCount?: bigint
  readonly entryCount?: bigint
  readonly metadata: readonly (readonly [string, Field])[]
  readonly tensors: readonly GgufTensor[]
  readonly data?: Uint8Array
}

export const u32 = (value: number): Field => [4, value]
export const f32 = (value: number): Field => [6, value]
export const string = (value: string): Field => [8, value]

/** An array of an array of an array ... */
export function nestedArray(depth: number): Field {
  const level = Buffer.concat([uint32(9), uint64(1)])
  return [9, Buffer.concat([...Array.from({ length: depth }, () => level), uint32(4), uint64(0)])]
}

export function ggufBytes(contents: GgufContents): Buffer {
  const { metadata, tensors, data = new Uint8Array(0) } = contents
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    uint32(contents.version ?? 3),
    uint64(contents.tensorCount ?? tensors.length),
    uint64(contents.entryCount ?? metadata.length),
    ...metadata.flatMap(([key, [type, value, itemType]]) => [
      text(key),
      uint32(type),
      scalar(type, value, itemType),
    ]),
    ...tensors.flatMap(({ name, dims, type, offset }) => [
      text(name),
      uint32(dims.length),
      ...dims.map(uint64),
      uint32(type),
      uint64(offset),
    ]),
  ])
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), data])
}

export function safetensorsBytes(header: unknown, data = new Uint8Array(0)): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  return Buffer.concat([uint64(json.length), json, data])
}

export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint64(bytes.length), bytes])
}

function scalar(type: number, value: unknown, itemType = 4): Buffer {
  if (Buffer.isBuffer(value)) return value
  switch (type) {
    case 4:
      return uint32(value as number)
    case 6: {
      const bytes = Buffer.alloc(4)
      bytes.writeFloatLE(value as number)
      return bytes
    }
    case 7:
      return Buffer.from([Number(value)])
    case 8:
      return text(value as string)
    case 9: {
      const items = value as readonly unknown[]
      return Buffer.concat([
        uint32(itemType),
        uint64(items.length),
        ...items.map((item) => scalar(itemType, item)),
      ])
    }
    default:
      return integer(type, value)
  }
}

/** GGUF's integers; of any other type, a byte. */
function integer(type: number, value: unknown): Buffer {
  const bytes = new DataView(new ArrayBuffer(8))
  const write: Readonly<Record<number, [bytes: number, write: () => void]>> = {
    0: [1, () => bytes.setUint8(0, Number(value))],
    1: [1, () => bytes.setInt8(0, Number(value))],
    2: [2, () => bytes.setUint16(0, Number(value), true)],
    3: [2, () => bytes.setInt16(0, Number(value), true)],
    5: [4, () => bytes.setInt32(0, Number(value), true)],
    10: [8, () => bytes.setBigUint64(0, BigInt(value as number), true)],
    11: [8, () => bytes.setBigInt64(0, BigInt(value as number), true)],
  }
  const [length, fill] = write[type] ?? [1, () => {}]
  fill()
  return Buffer.from(bytes.buffer, 0, length)
}

/** A zip archive of plainly stored entries; `zip64` puts every size and place into zip64 fields, the others are faults. */
export function zipBytes(
  entries: Readonly<Record<string, Buffer>>,
  variant?: 'zip64' | 'deflated' | 'outside',
): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(entries)) {
    const wide = variant === 'zip64'
    const method = variant === 'deflated' ? 8 : 0
    const size = variant === 'outside' ? 1_000_000 : content.length
    const sizes = wide ? [0xffffffff, 0xffffffff] : [size, size]
    const extra = wide
      ? Buffer.concat([uint16(1), uint16(24), uint64(content.length), uint64(content.length), uint64(offset)])
      : Buffer.alloc(0)
    const common = [
      uint16(20),
      uint16(0),
      uint16(method),
      Buffer.alloc(8),
      ...sizes.map(uint32),
      uint16(name.length),
    ]
    const local = Buffer.concat([uint32(0x04034b50), ...common, uint16(0), Buffer.from(name), content])
    locals.push(local)
    directory.push(
      Buffer.concat([
        uint32(0x02014b50),
        uint16(20),
        ...common,
        uint16(extra.length),
        Buffer.alloc(10),
        uint32(wide ? 0xffffffff : offset),
        Buffer.from(name),
        extra,
      ]),
    )
    offset += local.length
  }
  const listed = Buffer.concat(directory)
  const count = directory.length
  const end64 = Buffer.concat([
    ...[uint32(0x06064b50), uint64(44), Buffer.alloc(12), uint64(count), uint64(count)],
    ...[uint64(listed.length), uint64(offset)],
    ...[uint32(0x07064b50), uint32(0), uint64(offset + listed.length), uint32(1)],
  ])
  const wide = variant === 'zip64'
  return Buffer.concat([
    ...locals,
    listed,
    ...(wide ? [end64] : []),
    ...[uint32(0x06054b50), uint32(0), uint16(wide ? 0xffff : count), uint16(wide ? 0xffff : count)],
    ...[uint32(listed.length), uint32(wide ? 0xffffffff : offset), uint16(0)],
  ])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
