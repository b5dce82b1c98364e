import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { checkModel } from '../../src/models/check.js'
import { fetchIntoCache } from '../../src/models/hugging-face.js'
import { locateModel, modelRef } from '../../src/models/locate.js'
import { projectRoot } from '../../src/system/home.js'
import { startHub, type Hub } from './hub.js'

const first = '0123456789abcdef0123456789abcdef01234567'
const second = 'fedcba9876543210fedcba9876543210fedcba98'

let cache: string
let hub: Hub
let steps: string[]

beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'taskvec-hf-'))
  hub = await startHub(join(projectRoot(), 'test', 'golden', 'tiny', 'bf16-sharded'))
  steps = []
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('HF_HOME', cache)
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN']) vi.stubEnv(name, undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
})

const bring = (model: { revision?: string; commit?: string } = {}) =>
  fetchIntoCache(
    { id: 'mine', repo: 'test/tiny', ...model },
    {
      report: (event) => void (event.kind === 'step' && steps.push(event.text)),
      signal: new AbortController().signal,
    },
  )
const folder = () => join(cache, 'hub', 'models--test--tiny')

it("a repository's model is in Hugging Face's cache in the layout of its own library, and runs from there", async () => {
  expect(await bring()).toBe(first)
  expect(readFileSync(join(folder(), 'refs', 'main'), 'utf8')).toBe(first)
  const config = join(folder(), 'snapshots', first, 'config.json')
  expect(readlinkSync(config)).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/)
  const located = locateModel({ id: 'mine', repo: 'test/tiny', revision: 'main', commit: first })
  expect(located).toBe(join(folder(), 'snapshots', first))
  expect(await checkModel(located)).toMatchObject({ ok: true, missing: [], blocks: 3 })
})

it('files in the cache are not fetched again, whichever program fetched them', async () => {
  await bring()
  const fetched = hub.requests.length
  expect(await bring()).toBe(first)
  expect(hub.requests).toHaveLength(fetched)
})

it('a started sweep keeps its commit when the branch moves; unchanged files are shared', async () => {
  await bring()
  const fetched = hub.requests.length
  hub.revisions.set('main', second)
  expect(await bring({ commit: first })).toBe(first)
  expect(await bring()).toBe(second)
  expect(hub.requests).toHaveLength(fetched)
  expect(locateModel({ id: 'mine', repo: 'test/tiny', commit: first })).toMatch(first)
  expect(locateModel({ id: 'mine', repo: 'test/tiny' })).toMatch(second)
})

it('a tag is fetched at its commit', async () => {
  hub.revisions.set('step1000', second)
  expect(await bring({ revision: 'step1000' })).toBe(second)
  expect(readFileSync(join(folder(), 'refs', 'step1000'), 'utf8')).toBe(second)
  await expect(bring({ revision: 'step1001' })).rejects.toThrow('test/tiny: answered 404')
})

it('if the host cannot be reached, a branch is its last known commit; unknown ones are refused', async () => {
  await bring()
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1')
  expect(await bring({ commit: first })).toBe(first)
  expect(steps.filter((step) => step.includes('last known commit'))).toEqual([])
  expect(await bring()).toBe(first)
  expect(steps.at(-1)).toMatch(/not reachable .*; using the last known commit of test\/tiny, 0123456789ab/)
  await expect(bring({ revision: 'other' })).rejects.toThrow('not reachable')
})

it('a command line names it by owner and name, and a revision', () => {
  expect(modelRef('test/tiny')).toEqual({ id: 'tiny', repo: 'test/tiny', revision: 'main' })
  expect(modelRef('test/tiny@refs/pr/1')).toMatchObject({ repo: 'test/tiny', revision: 'refs/pr/1' })
  for (const other of ['smollm2-135m', './absent/model', '../absent', 'absent/model.gguf'])
    expect(modelRef(other)).toEqual({ id: other })
  expect(() => locateModel(modelRef('test/tiny@step2'))).toThrow(
    expect.objectContaining({ hint: 'Fetch it: taskvec models pull test/tiny@step2' }),
  )
})

it('an adapter comes with its base, and runs', async () => {
  const golden = join(projectRoot(), 'test', 'golden')
  const filesOf = (folder: string) =>
    new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
  const adapter = filesOf(join(golden, 'adapters', 'llama'))
  const config = JSON.parse(adapter.get('adapter_config.json')?.toString() ?? '') as object
  const named = JSON.stringify({ ...config, base_model_name_or_path: 'test/base' })
  hub.others.set('adapter', adapter.set('adapter_config.json', Buffer.from(named)))
  hub.others.set('base', filesOf(join(golden, 'tiny', 'gqa-tied')))
  const { signal } = new AbortController()
  await fetchIntoCache({ id: 'tuned', repo: 'test/adapter' }, { report: () => {}, signal })
  const located = locateModel({ id: 'tuned', repo: 'test/adapter' })
  expect(await checkModel(located)).toMatchObject({ ok: true, missing: [] })
})

it('a snapshot without all of its weights is completed', async () => {
  await bring()
  const shard = join(folder(), 'snapshots', first, 'model-00002-of-00002.safetensors')
  renameSync(shard, `${shard}.elsewhere`)
  expect(() => locateModel({ id: 'mine', repo: 'test/tiny' })).toThrow('test/tiny at main is not in')
  await bring()
  expect(existsSync(shard)).toBe(true)
})
