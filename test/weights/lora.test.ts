import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import { checkModel } from '../../src/models/check.js'
import { projectRoot } from '../../src/system/home.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { largestDifference, tinyFolder } from '../golden/read.js'

/** Adapters as PEFT saves them; written by make_adapters.py. */
const adapters = join(projectRoot(), 'test', 'golden', 'adapters')

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'taskvec-lora-'))
  cpSync(adapters, join(scratch, 'adapters'), { recursive: true })
  for (const name of ['gqa-tied', 'gpt2', 'neox-parallel'])
    cpSync(tinyFolder(name), join(scratch, 'tiny', name), { recursive: true })
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function changed(change: object, name = 'llama'): string {
  const folder = mkdtempSync(join(scratch, 'adapters', 'changed-'))
  cpSync(join(adapters, name), folder, { recursive: true })
  const file = join(folder, 'adapter_config.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as object
  writeFileSync(file, JSON.stringify({ ...config, ...change }))
  return folder
}

describe('a LoRA adapter', () => {
  it.each(['llama', 'gpt2', 'embedding'])('%s gives the logits that PEFT gives', async (name) => {
    const { tokens, logits } = JSON.parse(readFileSync(join(adapters, name, 'expected.json'), 'utf8')) as {
      tokens: number[]
      logits: number[]
    }
    const engine = await loadEngine(join(scratch, 'adapters', name))
    expect(largestDifference(await engine.logits(tokens), logits)).toBeLessThan(1e-4)
    await engine.close()
    expect(await checkModel(join(scratch, 'adapters', name))).toMatchObject({
      ok: true,
      missing: [],
      extra: [],
    })
  })

  it('is another model than its base; where the base is makes no difference', async () => {
    const hash = async (path: string) => {
      const opened = await openCheckpoint(path)
      opened.close()
      return opened.modelHash
    }
    const adapted = await hash(join(scratch, 'adapters', 'llama'))
    expect(await hash(changed({ base_model_name_or_path: tinyFolder('gqa-tied') }))).toBe(adapted)
    expect(await hash(changed({ lora_alpha: 17 }))).not.toBe(adapted)
    expect(await hash(tinyFolder('gqa-tied'))).not.toBe(adapted)
  })

  it("finds its base in Hugging Face's cache", async () => {
    vi.stubEnv('HF_HUB_CACHE', join(scratch, 'hub'))
    const base = join(scratch, 'hub', 'models--test--base')
    const commit = '0123456789abcdef0123456789abcdef01234567'
    const folder = changed({ base_model_name_or_path: 'test/base' })
    await expect(openCheckpoint(folder)).rejects.toThrow('its base, test/base, is neither a folder nor in')
    cpSync(tinyFolder('gqa-tied'), join(base, 'snapshots', commit), { recursive: true })
    cpSync(join(scratch, 'tiny', 'gqa-tied', 'config.json'), join(base, 'refs', 'config.json'))
    writeFileSync(join(base, 'refs', 'main'), commit)
    const opened = await openCheckpoint(folder)
    opened.close()
    vi.unstubAllEnvs()
    expect(opened.path).toContain(commit)
  })

  it.each([
    [{ peft_type: 'IA3' }, /peft_type/],
    [{ use_dora: true }, /use_dora/],
    [{ bias: 'all' }, /bias/],
    [{ init_lora_weights: 'pissa' }, /init_lora_weights/],
    [{ modules_to_save: ['lm_head'] }, /modules_to_save/],
    [{ r: 5 }, /do not fit rank 5/],
    [{ fan_in_fan_out: true }, /do not fit rank/],
    [{ base_model_name_or_path: '../../tiny/neox-parallel' }, /no weight of the base is model.layers/],
  ])('%j is refused', async (change, message) => {
    await expect(openCheckpoint(changed(change))).rejects.toThrow(message)
  })
})
