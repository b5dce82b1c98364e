import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { projectRoot } from '../../src/system/home.js'
import { catalogFolder, catalogModel, modelCatalog } from '../../src/models/catalog.js'
import { checkModel } from '../../src/models/check.js'
import { locateModel, modelRef } from '../../src/models/locate.js'

const tiny = join(projectRoot(), 'test', 'golden', 'tiny', 'f16')
const folder = () => mkdtempSync(join(tmpdir(), 'taskvec-'))

afterEach(() => vi.unstubAllEnvs())

describe('the catalogue', () => {
  it('holds the seven models of the paper, with their published shapes, SmolLM2 and Gemma 3, to be fetched', () => {
    const fetched = modelCatalog().filter(({ folder }) => folder === undefined)
    const shapes = fetched.map(({ id, repository, of, blocks, dModel }) => [
      id,
      repository ?? of,
      blocks,
      dModel,
    ])
    expect(shapes).toEqual([
      ['smollm2-135m', 'HuggingFaceTB/SmolLM2-135M-Instruct', 30, 576],
      ['smollm2-135m-q4', 'smollm2-135m', 30, 576],
      ['gemma3-270m', 'google/gemma-3-270m', 18, 640],
      ['gemma3-270m-q4', 'gemma3-270m', 18, 640],
      ['pythia-2.8b', 'EleutherAI/pythia-2.8b', 32, 2560],
      ['gpt-j-6b', 'EleutherAI/gpt-j-6b', 28, 4096],
      ['llama-7b', 'huggyllama/llama-7b', 32, 4096],
      ['pythia-6.9b', 'EleutherAI/pythia-6.9b', 32, 4096],
      ['pythia-12b', 'EleutherAI/pythia-12b', 36, 5120],
      ['llama-13b', 'huggyllama/llama-13b', 40, 5120],
      ['llama-30b', 'huggyllama/llama-30b', 60, 6656],
    ])
  })

  it('gives the size of the weights in bytes', () => {
    for (const { parameters, bytes, dtype, pip } of modelCatalog())
      expect(bytes).toBe(pip?.bytes ?? parameters * (dtype === 'F32' ? 4 : 2))
  })

  it.each([
    [
      'a misspelt key',
      /^blocks:/m,
      'block:',
      /tiny.yaml:5:1: block: unknown key "block"; did you mean "blocks"\?/,
    ],
    ['a wrong type', /^blocks: \d+/m, 'blocks: many', /tiny.yaml:5:1: blocks: must be a number/],
    ['a file outside the package', /file: .*/, 'file: ../../x.gguf', /tiny.yaml:14:3: pip.file/],
    [
      'two sources',
      /^of: .*/m,
      'repository: a/b',
      /tiny.yaml:1:1: one of repository, folder and pip must be given/,
    ],
    [
      'another id than its name',
      /^id: .*/m,
      'id: big',
      /tiny.yaml:1:1: id: "big" must be the file's name, "tiny"/,
    ],
  ])('refuses %s with file, line and key', (_, pattern, replacement, message) => {
    const own = folder()
    const text = readFileSync(join(catalogFolder(), 'smollm2-135m-q4.yaml'), 'utf8')
    const valid = text.replace(/^#.*\n/, '').replace(/^id: .*/m, 'id: tiny')
    writeFileSync(join(own, 'tiny.yaml'), valid)
    expect(catalogModel('tiny', own).blocks).toBe(30)
    writeFileSync(join(own, 'tiny.yaml'), valid.replace(pattern, replacement))
    expect(() => modelCatalog(own)).toThrow(message)
  })
})

describe('locateModel', () => {
  it('follows links to the real path', () => {
    const link = join(folder(), 'link')
    symlinkSync(tiny, link)
    expect(locateModel(modelRef(link))).toBe(tiny)
  })

  it.each([
    [{ id: 'smollm2-135' }, 'unknown model "smollm2-135"; did you mean "smollm2-135m"?'],
    [{ id: '../models/x' }, 'unknown model "../models/x"'],
    [{ id: 'llama-7b' }, 'model llama-7b is not on this machine yet'],
    [{ id: 'mine', path: '/nowhere/at-all' }, 'model mine: /nowhere/at-all: no such file or folder'],
  ])('%j: %s', (ref, message) => {
    vi.stubEnv('TASKVEC_HOME', folder())
    expect(() => locateModel(ref)).toThrow(message)
  })
})

describe('checkModel', () => {
  it('lists missing, misshapen and unused tensors', async () => {
    const own = join(folder(), 'model')
    mkdirSync(own)
    cpSync(tiny, own, { recursive: true })
    const config = JSON.parse(readFileSync(join(own, 'config.json'), 'utf8')) as Record<string, unknown>
    expect((await checkModel(own)).ok).toBe(true)
    // The weights have three blocks and an MLP of 56.
    writeFileSync(join(own, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: 4 }))
    expect(await checkModel(own)).toMatchObject({
      ok: false,
      missing: expect.arrayContaining(['model.layers.3.mlp.up_proj.weight']) as unknown,
      misshapen: [],
      extra: [],
    })
    writeFileSync(
      join(own, 'config.json'),
      JSON.stringify({ ...config, num_hidden_layers: 2, intermediate_size: 60 }),
    )
    const check = await checkModel(own)
    expect(check.ok).toBe(false)
    expect(check.misshapen).toContainEqual({
      name: 'model.layers.0.mlp.down_proj.weight',
      expected: [32, 60],
      found: [32, 56],
    })
    expect(check.extra).toHaveLength(9)
  })

  it('refuses a folder without tokenizer, and an architecture that cannot be run', async () => {
    const own = join(folder(), 'model')
    cpSync(tiny, own, { recursive: true })
    rmSync(join(own, 'tokenizer.json'))
    await expect(checkModel(own)).rejects.toThrow('tokenizer.json: missing')
    writeFileSync(join(own, 'config.json'), '{"model_type": "lama"}')
    await expect(checkModel(own)).rejects.toThrow('model_type "lama" cannot be run; did you mean "llama"?')
  })
})
