import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadEngine } from '../../src/engine/local-engine.js'
import { startPredictServer, type PredictServer } from '../../src/serve/predict-server.js'
import { makeTinyModel } from '../tiny-model.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-predict-'))
const path = makeTinyModel(join(folder, 'tiny'))

let server: PredictServer
beforeAll(async () => {
  server = await startPredictServer({ id: 'tiny', path })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

async function ask(
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/api/v1/predict`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  }
}

interface Answer {
  readonly tokens: number[]
  readonly top: { token: number; logit: number }[]
  readonly text?: string
  readonly generated?: number[]
  readonly patched?: { vectors: object[]; top: { token: number; logit: number }[]; generated?: number[] }[]
}

describe('serve --predict', () => {
  it('answers as the engine does, one question or several', async () => {
    const one = (await ask({ prompt: 'abc', top: 3 })).body as Answer
    const several = (
      await ask([
        { prompt: 'abc', top: 3 },
        { query: 'q', top: 1 },
      ])
    ).body as Answer[]
    expect(several[0]).toEqual(one)
    const engine = await loadEngine(path)
    const logits = await engine.logits(one.tokens)
    expect(one.top.map(({ logit }) => logit)).toEqual([...logits].sort((a, b) => b - a).slice(0, 3))
    await engine.close()
  })

  it('patches vectors in, several at once, and generates with them', async () => {
    const values = Array.from({ length: 32 }, (_, i) => Math.sin(i))
    const at = (layer: number, rest: object = {}) => ({ values, layer, ...rest })
    const question = {
      prompt: 'abcd',
      top: 1,
      maxTokens: 5,
      vectors: [at(2), at(4, { mode: 'add', scale: 2 })],
    }
    const answer = (await ask(question)).body as Answer
    expect(answer.patched?.[0]?.vectors).toMatchObject([
      { layer: 2, mode: 'replace', scale: 1 },
      { layer: 4, mode: 'add', scale: 2 },
    ])
    expect(answer.patched?.[0]?.top[0]?.logit).not.toBe(answer.top[0]?.logit)
    expect(answer.generated).toHaveLength(5)
    // Two additions at one place are one of their sum; zeros added change nothing.
    const logit = async (vectors: object[]) =>
      ((await ask({ prompt: 'abcd', top: 1, vectors })).body as Answer).patched?.[0]?.top[0]?.logit ?? NaN
    const added = { mode: 'add' as const }
    expect(await logit([at(3, added), at(3, added)])).toBeCloseTo(
      await logit([at(3, { ...added, scale: 2 })]),
      4,
    )
    expect(await logit([at(3, { ...added, scale: 0 })])).toBe(answer.top[0]?.logit)
    expect(await logit([at(3, { ...added, positions: 'all' })])).not.toBe(await logit([at(3, added)]))
  })

  interface Theta {
    readonly demonstrations: { input: string; output: string }[]
    readonly dummyQueries: string[]
    readonly regular: string
    readonly hypothesis: { layer: number; prediction: string }[]
  }

  it('writes the prompts of a query in any template, after demonstrations if given', async () => {
    const S = [['a', 'b'], { input: 'c', output: 'd' }]
    const tokens = async (question: object) => ((await ask({ top: 1, ...question })).body as Answer).tokens
    const qa = 'Q: a\nA: b\nQ: c\nA: d\nQ: e\nA:'
    expect(await tokens({ query: 'e', demonstrations: S, template: 'qa' })).toEqual(
      await tokens({ prompt: qa }),
    )
    const template = { prefix: '! ', demonstration: '{x}={y}', query: '{x}=', separator: ',' }
    expect(await tokens({ query: 'e', demonstrations: S, template })).toEqual(
      await tokens({ prompt: '! a=b,c=d,e=' }),
    )
    expect(await tokens({ query: 'e' })).toEqual(await tokens({ prompt: 'example:e->' }))
  })

  it('answers by θ of a task in a template, of a list, and of demonstrations as they are given', async () => {
    const theta = async (question: object) => (await ask({ query: 'q', layer: 2, ...question })).body as Theta
    const drawn = await theta({ task: 'algorithmic_to_upper', demonstrations: 3, template: 'qa' })
    expect(drawn.demonstrations).toHaveLength(3)
    const { demonstrations, dummyQueries } = drawn
    const given = await theta({ query: ' q', demonstrations, dummyQueries, template: 'qa' })
    const asked = demonstrations[0]?.input.startsWith(' ')
      ? given
      : await theta({ demonstrations, dummyQueries, template: 'qa' })
    expect(asked).toMatchObject({ regular: drawn.regular, hypothesis: drawn.hypothesis })
    const list = Array.from('abcdefgh', (x) => [x, x.toUpperCase()])
    const own = await theta({ list, demonstrations: 4, maxTokens: 3 })
    expect(own.demonstrations).toHaveLength(4)
    for (const { input, output } of own.demonstrations) expect(list).toContainEqual([input, output])
    // A model without a chat template says so.
    expect(JSON.stringify(await theta({ list, template: 'chat' }))).toContain('chat template')
  })

  it('reports what is wrong with a question', async () => {
    const message = async (question: unknown) => JSON.stringify((await ask(question)).body)
    expect(await message({ prompt: 'a', quer: 'b' })).toContain('quer')
    expect(await message({ prompt: 'a', query: 'b' })).toContain('exactly one of prompt, tokenIds and query')
    expect(await message({ query: 'b', vectors: [{ values: [1, 2], layer: 0 }] })).toContain('d_model is 32')
    expect(await message({ query: 'b', vectors: [{ vector: path, layer: 0 }] })).toContain('no vector')
    expect(await message({ prompt: 'b', template: 'qa' })).toContain('template needs query')
    expect(await message({ query: 'b', template: 'q' })).toContain('unknown prompt')
    expect(await message({ query: 'b', demonstrations: 3 })).toContain('drawn from task or list')
    expect(await message({ query: 'b', dummyQueries: ['a'] })).toContain('need demonstrations')
    expect(await message({ query: 'b', task: 'a', list: [['a', 'b']] })).toContain('one of task, list')
    expect(await message({ prompt: 'b', layer: 3 })).toContain('layer is that of θ')
    expect(await message([{ prompt: 'b', top: 0 }])).toContain('[0].top: must be at least 1')
    expect((await ask('{')).status).toBe(400)
  })

  it('accepts only JSON with the token in the header', async () => {
    expect((await ask({ prompt: 'a' }, { authorization: 'Bearer x' })).status).toBe(401)
    expect(
      (
        await ask(
          { prompt: 'a' },
          { authorization: '', cookie: `taskvec_${new URL(server.url).port}=${server.token}` },
        )
      ).status,
    ).toBe(401)
    expect((await ask({ prompt: 'a' }, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await ask({ prompt: 'a' }, { origin: 'http://evil.example' })).status).toBe(403)
  })
})
