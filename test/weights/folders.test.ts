import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/config/home.js'
import { sha256 } from '../../src/domain/identity.js'
import { openCheckpoint } from '../../src/weights/open.js'

const tiny = join(projectRoot(), 'test', 'golden', 'tiny')
const gguf = join(projectRoot(), 'test', 'golden', 'weights', 'mixed.gguf')
const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
})

function copyOf(name: string): string {
  cpSync(join(tiny, name), join(folder, name), { recursive: true })
  return join(folder, name)
}

async function hashOf(path: string): Promise<string> {
  const checkpoint = await openCheckpoint(path)
  checkpoint.close()
  return checkpoint.contentHash
}

describe('a Hugging Face folder', () => {
  it("made of links, as in Hugging Face's cache, is the same model as plain files", async () => {
    const plain = copyOf('bf16-sharded')
    const cache = join(folder, 'cache')
    mkdirSync(join(cache, 'blobs'), { recursive: true })
    mkdirSync(join(cache, 'snapshot'))
    for (const name of [...shards, 'config.json', 'tokenizer.json', 'model.safetensors.index.json']) {
      cpSync(join(plain, name), join(cache, 'blobs', `${sha256(name)}`))
      symlinkSync(join('..', 'blobs', `${sha256(name)}`), join(cache, 'snapshot', name))
    }
    const [a, b] = [await openCheckpoint(plain), await openCheckpoint(join(cache, 'snapshot'))]
    expect(b.contentHash).toBe(a.contentHash)
    for (const name of a.tensors.keys()) expect(b.read(name)).toEqual(a.read(name))
    a.close()
    b.close()
  })

  it.each(['config.json', 'tokenizer.json', 'model.safetensors'])(
    'has another content hash when a byte of %s is another',
    async (name) => {
      const path = copyOf('f16')
      const before = await hashOf(path)
      const bytes = readFileSync(join(path, name))
      if (name.endsWith('.json')) {
        writeFileSync(join(path, name), Buffer.concat([bytes, Buffer.from(' ')]))
      } else {
        bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
        writeFileSync(join(path, name), bytes)
      }
      expect(await hashOf(path)).not.toBe(before)
    },
  )

  it.each<[string, (path: string) => void, string | RegExp]>([
    ['a shard is missing', (path) => rmSync(join(path, shards[1])), `shard ${shards[1]} is missing`],
    [
      'a tensor is in no shard',
      (path) => editIndex(path, (map) => (map['model.extra.weight'] = shards[0])),
      `1 tensors are not in the shard that it names, the first is model.extra.weight in ${shards[0]}`,
    ],
    [
      'a tensor is in another shard',
      (path) => editIndex(path, (map) => (map['model.norm.weight'] = otherShard(map['model.norm.weight']))),
      'the first is model.norm.weight in',
    ],
    [
      'a shard lies outside the folder',
      (path) => editIndex(path, (map) => (map['model.norm.weight'] = '../f16/model.safetensors')),
      'shard "../f16/model.safetensors" is not a plain file name',
    ],
    [
      'two shards hold the same tensor',
      (path) => cpSync(join(path, shards[0]), join(path, shards[1])),
      /tensor .* is also in .*00001-of-00002/,
    ],
    [
      'the index is not JSON',
      (path) => writeFileSync(join(path, 'model.safetensors.index.json'), '{'),
      'not JSON',
    ],
    [
      'the index has no weight_map',
      (path) => writeFileSync(join(path, 'model.safetensors.index.json'), '{"a": 1}'),
      'weight_map',
    ],
    ['config.json is missing', (path) => rmSync(join(path, 'config.json')), 'config.json: missing'],
    [
      'config.json is not JSON',
      (path) => writeFileSync(join(path, 'config.json'), '{"a": '),
      'config.json: not JSON',
    ],
    [
      'config.json is a list',
      (path) => writeFileSync(join(path, 'config.json'), '[]'),
      'config.json: not a JSON object',
    ],
    [
      'there are no weights',
      (path) => shards.forEach((name) => rmSync(join(path, name))),
      `shard ${shards[0]} is missing`,
    ],
    [
      'there are no weights and no index',
      (path) => [...shards, 'model.safetensors.index.json'].forEach((name) => rmSync(join(path, name))),
      'no model.safetensors and no model.safetensors.index.json',
    ],
  ])('is refused where %s', async (_, damage, message) => {
    const path = copyOf('bf16-sharded')
    damage(path)
    await expect(openCheckpoint(path)).rejects.toThrow(message)
  })
})

describe('a GGUF file', () => {
  it('is the same model under another name, and another one when a byte is another', async () => {
    const before = await hashOf(gguf)
    const copy = join(folder, 'renamed.gguf')
    cpSync(gguf, copy)
    expect(await hashOf(copy)).toBe(before)
    const bytes = readFileSync(copy)
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
    writeFileSync(copy, bytes)
    expect(await hashOf(copy)).not.toBe(before)
  })
})

it('a path that does not exist is refused with what could be named', async () => {
  await expect(openCheckpoint(join(folder, 'nothing'))).rejects.toMatchObject({
    code: 'MODEL',
    message: `${join(folder, 'nothing')}: no such file or folder`,
  })
})

function otherShard(name: string | undefined): string {
  return name === shards[0] ? shards[1] : shards[0]
}

function editIndex(path: string, edit: (map: Record<string, string>) => void): void {
  const file = join(path, 'model.safetensors.index.json')
  const index = JSON.parse(readFileSync(file, 'utf8')) as { weight_map: Record<string, string> }
  edit(index.weight_map)
  writeFileSync(file, JSON.stringify(index))
}
