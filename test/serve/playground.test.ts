import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import type { PlaygroundChoices } from '../../src/serve/api.js'
import { startPageServer, type PageServer } from '../../src/serve/server.js'
import { openStore } from '../../src/store/store.js'
import { saveVectors } from '../../src/vectors/library.js'
import { newDatabase, protocol, sweep } from '../store/sample.js'
import { makeTinyModel } from '../tiny-model.js'

/** The playground of a sweep with a model, a list and a prompt of its own. */

const folder = mkdtempSync(join(tmpdir(), 'taskvec-playground-'))
const path = makeTinyModel(join(folder, 'tiny'))
const letters = Array.from('abcdefgh', (x) => ({ input: x, output: x.toUpperCase(), accept: [] }))
const template = {
  id: 'is',
  demonstration: '{x} is {y}',
  query: '{x} is',
  separator: ';',
  prefix: '',
  suffix: '',
}
let server: PageServer

beforeAll(async () => {
  vi.stubEnv('TASKVEC_HOME', folder)
  saveVectors(
    {
      ...{ name: 'steady', mode: 'replace', metadata: {} },
      vectors: [1, 3].map((layer) => ({
        ...{ name: `v/L${layer}`, layer },
        values: Float32Array.from({ length: 32 }, (_, i) => Math.cos(i + layer)),
      })),
    },
    false,
  )
  const tasks = [{ kind: 'list', id: 'mine', scoring: 'exact', singleToken: false, pairs: letters }] as const
  const models = [
    { id: 'tiny', path },
    { id: 'gone', path: join(folder, 'gone') },
  ]
  const file = newDatabase()
  const store = openStore(file)
  store.createSweep(
    sweep('own-1', {
      ...{ protocol: { ...protocol, demonstrations: 3, prompt: template }, tasks: [...tasks] },
      config: JSON.stringify({ name: 'own', models, tasks }),
    }),
  )
  store.close()
  server = await startPageServer(file)
})

afterAll(async () => {
  await server.close()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function send(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL('/api/v1/predict', server.url), {
    method: 'POST',
    headers: {
      ...('cookie' in headers ? {} : { authorization: `Bearer ${server.token}` }),
      ...{ 'content-type': 'application/json', ...headers },
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

interface Likely {
  readonly token: number
  readonly text: string
  readonly probability: number
}

interface ByTheta {
  readonly demonstrations: { readonly input: string; readonly output: string }[]
  readonly dummyQueries: string[]
  readonly regular: string
  readonly regularTop: Likely[]
  readonly hypothesis: { readonly layer: number; readonly prediction: string; readonly top: Likely[] }[]
}

const asked = async <T>(body: unknown) => (await (await send(body)).json()) as T

describe('the playground', () => {
  it('offers what the sweep has, before what comes with taskvec', async () => {
    const answered = await fetch(new URL('/api/v1/playground?sweep=own-1', server.url), {
      headers: { authorization: `Bearer ${server.token}` },
    })
    const choices = (await answered.json()) as PlaygroundChoices
    expect(choices).toMatchObject({ absent: ['gone'], vectors: ['steady'], demonstrations: 3, prompt: 'is' })
    expect([choices.models[0], choices.tasks[0], choices.prompts[0]]).toEqual(['tiny', 'mine', 'is'])
    expect(choices.tasks).toContain('algorithmic_to_upper')
    expect(choices.prompts).toContain('chat')
  })

  it('answers by θ of its list in its prompt, at every layer, with the probabilities that the model gives', async () => {
    const question = { sweep: 'own-1', model: 'tiny', task: 'mine', query: 'q', demonstrations: 4, top: 3 }
    const found = await asked<ByTheta>({ ...question, template: 'is' })
    expect(found.demonstrations).toHaveLength(4)
    for (const { input, output } of found.demonstrations) expect(output).toBe(input.toUpperCase())
    expect(found.hypothesis.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5])
    expect(found.hypothesis[2]?.top[0]?.text).toBe(found.hypothesis[2]?.prediction)

    const engine = await loadEngine(path)
    const shown = found.demonstrations.map(({ input, output }) => `${input} is ${output};`).join('')
    const [tokens = []] = await engine.encode([`${shown}q is`])
    const logits = await engine.logits(tokens)
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    await engine.close()
    expect(found.regularTop).toHaveLength(3)
    for (const { token, probability } of found.regularTop)
      expect(probability).toBeCloseTo(Math.exp(logits[token] as number) / total, 5)
    const { regularTop } = await asked<ByTheta>({ ...question, template: 'qa' })
    expect(regularTop).not.toEqual(found.regularTop)
  })

  it('patches a vector of the library in, at each of its layers', async () => {
    const { patched } = await asked<{ patched: { vectors: { layer: number }[]; top: Likely[] }[] }>({
      ...{ sweep: 'own-1', model: 'tiny', query: 'q', template: 'is', vectors: [{ vector: 'steady' }] },
    })
    expect(patched.map(({ vectors, top }) => [vectors[0]?.layer, top.length])).toEqual([
      [1, 10],
      [3, 10],
    ])
  })

  it.each<[string, unknown, number, string]>([
    ['no JSON', '{', 400, 'not JSON'],
    ['no model', { query: 'q' }, 400, 'model'],
    ['an unknown key', { model: 'tiny', prompt: 'a', quer: 1 }, 400, 'quer'],
    ['a path as a model', { model: '/etc/passwd', prompt: 'a' }, 422, 'unknown model'],
    ['a model of no sweep', { model: 'tiny', prompt: 'a' }, 422, 'unknown model'],
    ['a model that is not here', { sweep: 'own-1', model: 'gone', prompt: 'a' }, 422, 'no such file'],
    ['an unknown sweep', { sweep: 'nope', model: 'tiny', prompt: 'a' }, 404, 'no sweep'],
    ['an unknown task', { sweep: 'own-1', model: 'tiny', task: 'nope', query: 'a' }, 422, 'unknown task'],
    [
      'an unknown prompt',
      { sweep: 'own-1', model: 'tiny', query: 'a', template: 'nope' },
      400,
      'unknown prompt',
    ],
    [
      'a file as a vector',
      { sweep: 'own-1', model: 'tiny', query: 'a', vectors: [{ vector: '/etc/passwd' }] },
      404,
      'no vector',
    ],
  ])('refuses %s, with the reason', async (_, body, status, says) => {
    const refused = await send(body)
    const { error } = (await refused.json()) as { error: string }
    expect([refused.status, error]).toEqual([status, expect.stringContaining(says)])
  })

  it('accepts the cookie only from its own page', async () => {
    const port = new URL(server.url).port
    const question = { sweep: 'own-1', model: 'tiny', prompt: 'a', top: 1 }
    const cookie = { cookie: `taskvec_${port}=${server.token}` }
    const status = async (headers: Record<string, string>) => (await send(question, headers)).status
    expect(await status({ ...cookie, origin: `http://127.0.0.1:${port}` })).toBe(200)
    expect(await status(cookie)).toBe(401)
    expect(await status({ ...cookie, origin: 'http://evil.example' })).toBe(403)
    expect(await status({ ...cookie, origin: 'null' })).toBe(403)
    expect(
      await status({ ...cookie, origin: `http://127.0.0.1:${port}`, 'content-type': 'text/plain' }),
    ).toBe(415)
    expect(await status({})).toBe(200)
  })
})
