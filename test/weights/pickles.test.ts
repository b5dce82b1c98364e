import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TaskvecError } from '../../src/domain/errors.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { zipBytes } from './file-bytes.js'

/** Opcodes of a pickle, put together by hand. */
const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`
const storage = (key: string, count: number, type = 'FloatStorage') =>
  `(${text('storage')}ctorch\n${type}\n${text(key)}${text('cpu')}K${String.fromCharCode(count)}tQ`
/** A tensor of one dimension. */
const tensor = (from: string, { offset = 0, size = 2, stride = 1 } = {}) =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${from}K${String.fromCharCode(offset)}K${String.fromCharCode(size)}\x85` +
  `K${String.fromCharCode(stride)}\x85\x89ccollections\nOrderedDict\n)RtR`
const stateDict = (...items: [string, string][]) =>
  `\x80\x02}(${items.map(([name, value]) => text(name) + value).join('')}u.`
const good = stateDict(['w', tensor(storage('0', 4))])
const values = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)

function open(bytes: Buffer) {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
  writeFileSync(join(folder, 'config.json'), '{}')
  writeFileSync(join(folder, 'pytorch_model.bin'), bytes)
  return openCheckpoint(folder)
}

const archive = (pickle: string, more: Record<string, Buffer> = { 'a/data/0': values }) =>
  zipBytes({ 'a/data.pkl': Buffer.from(pickle, 'latin1'), ...more })

it('the smallest good archive of these tests is read: each refusal below is for its own reason', async () => {
  for (const bytes of [
    archive(good),
    zipBytes({ 'a/data.pkl': Buffer.from(good, 'latin1'), 'a/data/0': values }, 'zip64'),
  ]) {
    const checkpoint = await open(bytes)
    expect([...checkpoint.read('w')]).toEqual([1, 2])
    checkpoint.close()
  }
})

describe('a pickle is refused where', () => {
  it.each<[string, string, string]>([
    ['it calls a function of Python', 'cos\nsystem\n(X\x02\0\0\0lstR.', 'global os.system at byte 0'],
    ['it hides one behind a builtin', 'c__builtin__\neval\n.', 'global __builtin__.eval at byte 0'],
    ['it names another function of torch', 'ctorch.hub\nload\n.', 'global torch.hub.load at byte 0'],
    ['it makes an object by class', '(ios\nsystem\n.', 'opcode INST at byte 1'],
    [
      'it takes a global off the stack',
      `${text('os')}${text('system')}\x93.`,
      'opcode STACK_GLOBAL at byte 18',
    ],
    ['it makes a new object', ')\x81.', 'opcode NEWOBJ at byte 1'],
    ['it uses the extension registry', '\x82\x01.', 'opcode EXT1 at byte 0'],
    ['an opcode does not exist', '\xf0.', 'opcode 0xf0, which does not exist, at byte 0'],
    ['its protocol is another', '\x80\x04.', 'a pickle of a protocol after 2 at byte 0'],
    [
      'it calls a storage',
      `ctorch\nFloatStorage\nK\x01\x85R.`,
      'a call of torch.FloatStorage with (1) at byte',
    ],
    ['it calls what is no global', 'K\x01)R.', 'a call of 1 at byte 3'],
    [
      'a tensor has no storage',
      tensor('K\x01') + '.',
      'a call of torch._utils._rebuild_tensor_v2 with (1, 0,',
    ],
    ['a persistent id is another', `${text('module')}Q.`, 'the persistent id "module" at byte'],
    [
      'a storage is of complex numbers',
      storage('0', 4, 'ComplexFloatStorage'),
      'global torch.ComplexFloatStorage',
    ],
    ['a key is a list', '}]K\x01s.', 'a dict’s key that is a list'.replace('’', "'")],
    ['it sets the state of a tensor', tensor(storage('0', 4)) + '}b.', 'the state of a tensor set to a dict'],
    ['it takes from an empty stack', 'R.', 'an empty stack at byte 0'],
    ['it reaches below a mark', 'K\x01(R.', 'an empty stack at byte 3'],
    ['it has no mark', 't.', 'no mark on the stack at byte 0'],
    ['it recalls what was never kept', 'h\x07.', 'memo 7, which was never set, at byte 0'],
    ['it has no end', '}', 'a header that continues after byte'],
    ['a string is longer than any name', 'X\xff\xff\xff\x7f', 'a string of 2147483647 bytes'],
    ['a name has no end', `c${'a'.repeat(300)}\nb\n`, 'a line of more than 200 bytes'],
    ['it holds a list', '].', 'holds a list, not a state dict'],
    ['it holds itself', '}q\0X\x01\0\0\0ah\0s.', '"a" is a dict, not a tensor'],
    ['it holds a number', stateDict(['a', 'K\x07']), '"a" is 7, not a tensor'],
    [
      'a storage is not in the archive',
      stateDict(['w', tensor(storage('1', 4))]),
      'its storage 1 of 4 values is missing',
    ],
    ['a storage is too short', stateDict(['w', tensor(storage('0', 5))]), 'of 5 values has 16 bytes'],
    [
      'a tensor lies outside',
      stateDict(['w', tensor(storage('0', 4), { offset: 3 })]),
      '[2] from value 3, lies outside its storage of 4',
    ],
  ])('%s', async (_, pickle, message) => {
    const error = (await open(archive(pickle)).catch((error: unknown) => error)) as TaskvecError
    expect(error).toMatchObject({
      code: 'WEIGHTS',
      message: expect.stringContaining(message.replace(/ at byte \d+$/, '')) as unknown,
    })
    const place = /at byte (\d+)$/.exec(message)
    const start = archive(pickle).indexOf(Buffer.from(pickle, 'latin1'))
    if (place) expect(error.message).toContain(`at byte ${start + Number(place[1])}`)
  })

  it('it makes ever more values', async () => {
    const error: unknown = await open(archive(')'.repeat(2_100_000))).catch((error: unknown) => error)
    expect((error as Error).message).toContain('more than 2000000 opcodes')
  })
})

describe('an archive is refused where', () => {
  const entry = Buffer.from(good, 'latin1')
  it.each<[string, Buffer, string]>([
    ['it is cut', archive(good).subarray(0, -30), 'a zip archive without its end: it is truncated'],
    [
      'an entry is compressed',
      zipBytes({ 'a/data.pkl': entry }, 'deflated'),
      'a/data.pkl is compressed or encrypted',
    ],
    ['an entry points outside', zipBytes({ 'a/data.pkl': entry }, 'outside'), 'ends at byte'],
    ['it has no pickle', zipBytes({ 'a/data/0': values }), '0 files data.pkl, expected one'],
    [
      'it has two pickles',
      zipBytes({ 'a/data.pkl': entry, 'b/data.pkl': entry }),
      '2 files data.pkl, expected one',
    ],
    [
      'its numbers are big-endian',
      archive(good, { 'a/byteorder': Buffer.from('big') }),
      'its numbers are not little-endian',
    ],
    [
      'it is a web page',
      Buffer.from('<html>not found</html>'),
      'neither of the two forms that torch.save writes',
    ],
    ['it is empty', Buffer.alloc(0), 'neither of the two forms'],
  ])('%s', async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: expect.stringContaining(message) as unknown,
    })
  })
})
