import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { modelsCommand } from '../../src/cli/models.js'
import { projectRoot } from '../../src/system/home.js'

const tiny = join(projectRoot(), 'test', 'golden', 'tiny', 'f16')

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = 0
})

async function run(...args: string[]): Promise<string> {
  let out = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  await modelsCommand().parseAsync(args, { from: 'user' })
  vi.restoreAllMocks()
  return out
}

describe('models list', () => {
  it('shows which models are on this machine', async () => {
    vi.stubEnv('TASKVEC_HOME', mkdtempSync(join(tmpdir(), 'taskvec-')))
    cpSync(tiny, join(process.env['TASKVEC_HOME'] ?? '', 'models', 'llama-7b'), { recursive: true })
    const models = JSON.parse(await run('list', '--json')) as {
      id: string
      path: string | null
      folder?: string
    }[]
    const here = models.filter(({ path }) => path !== null)
    expect(here.filter(({ folder }) => folder === undefined).map(({ id }) => id)).toEqual(['llama-7b'])
    expect(here.length).toBe(1 + models.filter(({ folder }) => folder !== undefined).length)
    const table = await run('list')
    expect(table).toMatch(/llama-7b .* F16 13.5 GB .* F16 \d+ kB, \S+llama-7b/)
    expect(table).toMatch(/smollm2-135m-q4 .* Q4_1 98 MB .* no/)
    expect(table).toMatch(/smollm2-135m .* 30 .* 576 .* BF16 269 MB .* Apache-2.0 .* no/)
  })
})

describe('models check', () => {
  it('ends with exit code 0 for a sound folder', async () => {
    expect(await run('check', tiny)).toMatch(/30 of 30 tensors match the architecture\nok\n$/)
    expect(process.exitCode ?? 0).toBe(0)
  })

  it('ends with exit code 1 and names what is wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
    cpSync(tiny, folder, { recursive: true })
    const config = JSON.parse(readFileSync(join(tiny, 'config.json'), 'utf8')) as object
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: 4 }))
    expect(await run('check', folder)).toContain('missing    model.layers.3.self_attn.q_proj.weight')
    expect(process.exitCode).toBe(1)
    expect(JSON.parse(await run('check', folder, '--json'))).toMatchObject({
      ok: false,
      architecture: 'llama',
    })
  })
})
