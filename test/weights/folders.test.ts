import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { sha256 } from '../../src/domain/identity.js'
import { openCheckpoint } from '../../src/weights/open.js'

const tiny = join(projectRoot(), 'test', 'golden', 'tiny')
const gguf = join(projectRoot(), 'test', 'golden', 'weights', 'mixed.gguf')
const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const

const commit = '0123456789abcdef0123456789abcdef01234567'

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
  return checkpoint.modelHash
}

describe('a Hugging Face folder', () => {
  it("made of links, as in Hugging Face's cache, is the same model as plain files, however it is named", async () => {
    const plain = copyOf('bf16-sharded')
    const cache = cacheOf(plain)
    const a = await openCheckpoint(plain)
    for (const path of [join(cache, 'snapshots', commit), cache]) {
      const b = await openCheckpoint(path)
      expect(b.path).toBe(join(cache, 'snapshots', commit))
      expect(b.modelHash).toBe(a.modelHash)
      for (const name of a.tensors.keys()) expect(b.read(name)).toEqual(a.read(name))
      b.close()
    }
    a.close()
  })

  it('of the cache with several snapshots is the one of refs/main, or has to be named', async () => {
    const cache = cacheOf(copyOf('bf16-sharded'))
    mkdirSync(join(cache, 'snapshots', 'f'.repeat(40)))
    await expect(openCheckpoint(cache)).rejects.toThrow('2 snapshots, and refs/main names none of them')
    mkdirSync(join(cache, 'refs'))
    writeFileSync(join(cache, 'refs', 'main'), commit)
    const checkpoint = await openCheckpoint(cache)
    checkpoint.close()
    expect(checkpoint.path).toBe(join(cache, 'snapshots', commit))
  })

  it('may be named by one file of its weights, a link of the cache included', async () => {
    const pytorch = join(projectRoot(), 'test', 'golden', 'weights', 'pytorch-sharded')
    cpSync(pytorch, join(folder, 'both'), { recursive: true })
    cpSync(join(tiny, 'f16', 'model.safetensors'), join(folder, 'both', 'model.safetensors'))
    const path = join(folder, 'both', 'link.bin')
    symlinkSync('pytorch_model-00001-of-00002.bin', path)
    const [whole, shard] = [await openCheckpoint(join(folder, 'both')), await openCheckpoint(path)]
    expect([whole.format, shard.format]).toEqual(['safetensors', 'pytorch'])
    expect(shard.tensors.size).toBeLessThan(whole.tensors.size)
    for (const name of shard.tensors.keys()) expect(shard.read(name)).toEqual(whole.read(name))
    whole.close()
    shard.close()
  })

  it.each(['config.json', 'tokenizer.json', 'model.safetensors'])(
    'has another content hash if a byte of %s differs',
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
      'none of model.safetensors, model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json',
    ],
  ])('is refused if %s', async (_, damage, message) => {
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

/** As huggingface_hub lays it out, without refs. */
function cacheOf(plain: string): string {
  const cache = join(folder, 'models--test--tiny')
  mkdirSync(join(cache, 'blobs'), { recursive: true })
  mkdirSync(join(cache, 'snapshots', commit), { recursive: true })
  for (const name of [...shards, 'config.json', 'tokenizer.json', 'model.safetensors.index.json']) {
    cpSync(join(plain, name), join(cache, 'blobs', sha256(name)))
    symlinkSync(join('..', '..', 'blobs', sha256(name)), join(cache, 'snapshots', commit, name))
  }
  return cache
}

function otherShard(name: string | undefined): string {
  return name === shards[0] ? shards[1] : shards[0]
}

function editIndex(path: string, edit: (map: Record<string, string>) => void): void {
  const file = join(path, 'model.safetensors.index.json')
  const index = JSON.parse(readFileSync(file, 'utf8')) as { weight_map: Record<string, string> }
  edit(index.weight_map)
  writeFileSync(file, JSON.stringify(index))
}
