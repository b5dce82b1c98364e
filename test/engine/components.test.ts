import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { components, type Component } from '../../src/architectures/components.js'
import { identify } from '../../src/architectures/catalog.js'
import type { LayerSpec } from '../../src/architectures/decoder.js'
import { BlockSessions } from '../../src/engine/block-sessions.js'
import { readRows } from '../../src/engine/answer-metrics.js'
import { runComponents } from '../../src/engine/component-pass.js'
import {
  ablated,
  added,
  replaced,
  scaledBy,
  type Branch,
  type Captured,
} from '../../src/engine/components.js'
import type { AnswerMetrics } from '../../src/engine/engine.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/reference-pass.js'
import { openCheckpoint } from '../../src/weights/open.js'
import { familyGolden, familyModels, makeFamilyModel } from '../golden/families.js'
import { largestDifference, tinyFolder, tinyModels } from '../golden/read.js'

let scratch: string
beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), 'taskvec-components-'))))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const prompts = [
  [3, 9, 27, 33, 5, 11, 4],
  [3, 9, 27, 33, 5, 11, 40, 8, 2],
  [7],
  Array.from({ length: 20 }, (_, i) => (7 * i + 3) % 45),
]
const items = (branches: readonly Branch[]) =>
  prompts.map((prompt) => {
    const [first, ...rest] = prompt.keys()
    return { prompt, branches, answerToken: 6, groups: [[first as number], rest] }
  })
const values = (readings: readonly AnswerMetrics[]) => readings.map(({ answerLogProb }) => answerLogProb)
const small = expect.toSatisfy((difference: number) => difference < 1e-5, 'below 1e-5') as number
const all = { components: [...components, 'contributions', 'pattern'] as const, as: 'each' as const }

const load = (name: string) =>
  loadEngine(
    name.startsWith('tiny/') ? tinyFolder(name.slice(5)) : makeFamilyModel(name, join(scratch, name)),
  )

it.each([...familyModels, ...tinyModels.map((name) => `tiny/${name}`)])(
  '%s: a branch that changes nothing is the run itself, and components add up to the residual stream',
  async (name) => {
    const engine = await load(name)
    const single = Array.from({ length: engine.info.blocks }, (_, layer) =>
      components.map((component) => [scaledBy({ component, layer }, 1)]),
    ).flat()
    const branches = [...single, single.flat(), [scaledBy({ component: 'heads', layer: 1, head: 1 }, 1)]]
    const {
      own,
      branches: read,
      captured,
    } = await engine.components({ items: items(branches), capture: all })
    const at = (component: Captured, layer: number, item: number) => rowOf(captured[component]?.[layer], item)
    for (const [i, prompt] of prompts.entries()) {
      const { lastStates } = await forward(engine.sessions, prompt)
      const { answerLogProb } = own[i] as AnswerMetrics
      const states = lastStates.at(-1) as Float32Array
      const [expected] = await readRows(engine.sessions, states, [{ row: 0, answerToken: 6 }])
      expect(Math.abs(answerLogProb - (expected as AnswerMetrics).answerLogProb)).toEqual(small)
      for (const value of values(read[i] ?? [])) expect(Math.abs(value - answerLogProb)).toEqual(small)

      for (const [layer, state] of lastStates.entries()) {
        const { attention, norms, residualIsNormed, residualScale } = specOf(engine, layer)
        const pattern = at('pattern', layer, i) // [heads * 2]
        expect(pattern).toHaveLength(2 * attention.heads)
        for (let head = 0; head < attention.heads; head++) {
          const [first, rest] = pattern.subarray(2 * head) as unknown as [number, number]
          if (attention.sinks) expect(first + rest).toBeLessThan(1)
          else expect(Math.abs(first + rest - 1)).toEqual(small)
        }
        expect(largestDifference(at('resid_post', layer, i), state)).toEqual(small)
        if (layer > 0)
          expect(largestDifference(at('resid_pre', layer, i), lastStates[layer - 1] ?? [])).toEqual(small)
        if (residualIsNormed || norms.afterAttentionSum || norms.afterMlpSum) continue
        const attn = at('attn_out', layer, i)
        const mid = at('resid_mid', layer, i)
        expect(largestDifference(sum(at('resid_pre', layer, i), attn), mid)).toEqual(small)
        expect(largestDifference(sum(mid, at('mlp_out', layer, i)), state)).toEqual(small)
        if (norms.afterAttention && attention.out.bias) continue
        const contributions = at('contributions', layer, i)
        const bias = attention.out.bias && engine.sessions.read(attention.out.bias)
        let total = bias ? bias.map((value) => residualScale * value) : new Float32Array(attn.length)
        for (let head = 0; head < attention.heads; head++)
          total = sum(total, contributions.subarray(head * attn.length, (head + 1) * attn.length))
        expect(largestDifference(total, attn)).toEqual(small)
      }
    }
    await engine.close()
  },
)

it.each(['gemma2-1', 'falcon-1', 'olmo2-1', 'tiny/gpt2', 'tiny/neox-parallel', 'tiny/gqa-tied'])(
  '%s: edits take effect where they are made',
  async (name) => {
    const engine = await load(name)
    const { captured } = await engine.components({ items: items([]), capture: all })
    const layer = 0
    const { heads, dValue } = specOf(engine, layer).attention
    const of = (component: Component, item: number) => rowOf(captured[component]?.[layer], item).slice()
    const place = (component: Component) => ({ component, layer })
    const everyHead = Array.from({ length: heads }, (_, head) => {
      const vector = of('heads', 1).slice(head * dValue, (head + 1) * dValue)
      return replaced({ component: 'heads', layer, head }, vector)
    })
    const theta = of('resid_post', 1)
    const branches: Branch[] = [
      [replaced(place('heads'), of('heads', 1))],
      everyHead,
      [replaced(place('attn_out'), of('attn_out', 1))],
      [replaced(place('resid_post'), theta)],
      [replaced({ component: 'resid_pre', layer: 1 }, theta)],
      [added(place('resid_post'), theta)],
      [ablated(place('heads'))],
      [replaced(place('heads'), new Float32Array(heads * dValue))],
      [ablated(place('mlp_out')), ablated(place('attn_out'))],
      [replaced(place('resid_mid'), of('resid_mid', 1)), replaced(place('mlp_out'), of('mlp_out', 1))],
    ]
    const { own, branches: read } = await engine.components({ items: items(branches) })
    const request = (patch: 'replace' | 'add') => ({
      items: prompts.map((prompt) => ({
        thetaPrompts: [],
        patchedPrompt: prompt,
        plainPrompts: [],
        answerToken: 6,
      })),
      layers: [layer],
      givenTheta: theta,
      patch,
    })
    const replacing = await engine.evaluate(request('replace'))
    const adding = await engine.evaluate(request('add'))
    for (const [i, readings] of read.entries()) {
      const logProbs = values(readings)
      const pair = (a: number, b: number) => Math.abs((logProbs[a] as number) - (logProbs[b] as number))
      expect([pair(0, 1), pair(0, 2), pair(3, 4), pair(6, 7)]).toEqual([small, small, small, small])
      expect(largestDifference([logProbs[3] as number], values(replacing.patched[i] ?? []))).toEqual(small)
      expect(largestDifference([logProbs[5] as number], values(adding.patched[i] ?? []))).toEqual(small)
    }
    // Patched with what they are themselves, the prompts' own.
    const itself = values(read[1] ?? [])
    for (const branch of [0, 1, 2, 3, 4, 9])
      expect([
        branch,
        Math.abs((itself[branch] as number) - (own[1] as AnswerMetrics).answerLogProb),
      ]).toEqual([branch, small])
    await engine.close()
  },
)

interface FamilyComponents {
  readonly lengths: readonly number[]
  readonly answer: number
  /** `[block][heads * d_value]`, and `[prompt][block][head]`. */
  readonly models: Readonly<Record<string, { readonly means: number[][]; readonly effects: number[][][] }>>
}
const hooked = JSON.parse(
  readFileSync(new URL('../golden/family-components.json', import.meta.url), 'utf8'),
) as FamilyComponents

it.each(Object.entries(hooked.models))(
  '%s: head outputs and indirect effects are those of hooks on transformers (test/golden/make_family_components.py)',
  async (name, expected) => {
    const engine = await load(name)
    const asked = familyGolden(name).prompts.flatMap(({ tokens }) =>
      hooked.lengths.includes(tokens.length) ? [{ prompt: tokens, answerToken: hooked.answer }] : [],
    )
    const { captured } = await engine.components({
      items: asked.map((item) => ({ ...item, branches: [] })),
      capture: { components: ['heads'], as: 'mean' },
    })
    const means = captured.heads ?? []
    expect(means).toHaveLength(expected.means.length)
    means.forEach((mean, layer) =>
      expect(largestDifference(mean, expected.means[layer] ?? [])).toBeLessThan(1e-4),
    )
    const { heads, dValue } = specOf(engine, 0).attention
    const branches = means.flatMap((mean, layer) =>
      Array.from({ length: heads }, (_, head) => [
        replaced({ component: 'heads', layer, head }, mean.slice(head * dValue, (head + 1) * dValue)),
      ]),
    )
    const { own, branches: read } = await engine.components({
      items: asked.map((item) => ({ ...item, branches })),
    })
    read.forEach((readings, i) => {
      const before = Math.exp(own[i]?.answerLogProb ?? NaN)
      const effects = values(readings).map((logProb) => Math.exp(logProb) - before)
      expect(effects.some((effect) => Math.abs(effect) > 1e-5)).toBe(true)
      expect(largestDifference(effects, expected.effects[i]?.flat() ?? [])).toBeLessThan(1e-5)
    })
    await engine.close()
  },
)

interface AttentionGolden {
  readonly lengths: readonly number[]
  /** `[prompt][block][head][group]` */
  readonly models: Readonly<Record<string, readonly number[][][][]>>
}
const attended = JSON.parse(
  readFileSync(new URL('../golden/attention.json', import.meta.url), 'utf8'),
) as AttentionGolden

it.each(Object.entries(attended.models))(
  '%s: attention at the last token is what transformers outputs (test/golden/make_attention.py)',
  async (name, expected) => {
    const engine = await load(name)
    const asked = familyGolden(name).prompts.flatMap(({ tokens: prompt }) => {
      const places = [...prompt.keys()]
      const groups = [
        places.filter((place) => place % 5 === 0),
        places.slice(1, 1 + Math.floor(prompt.length / 3)),
        places.slice(-1),
      ]
      // Branches take slots of their own: the prompts' attention is what it was.
      const branches = [[ablated({ component: 'heads', layer: 0 })]]
      return attended.lengths.includes(prompt.length) ? [{ prompt, branches, answerToken: 7, groups }] : []
    })
    const { captured } = await engine.components({
      items: asked,
      capture: { components: ['pattern'], as: 'each' },
    })
    expect(captured.pattern).toHaveLength(expected[0]?.length ?? NaN)
    captured.pattern?.forEach((rows, layer) =>
      asked.forEach((_, i) => {
        const width = rows.length / asked.length
        const pattern = rows.subarray(i * width, (i + 1) * width)
        expect(largestDifference(pattern, expected[i]?.[layer]?.flat() ?? [])).toEqual(small)
      }),
    )
    await engine.close()
  },
)

it('gives means in doubles, and the same held and streamed', async () => {
  const engine = await loadEngine(tinyFolder('gqa-tied'))
  const capture = { components: all.components, as: 'mean' as const }
  const branches = [
    [ablated({ component: 'heads', layer: 1, head: 0 })],
    [ablated({ component: 'resid_post', layer: 0 })],
  ]
  const request = { items: items(branches), capture }
  const each = await engine.components({ ...request, capture: all })
  const mean = await engine.components(request)
  for (const component of all.components)
    mean.captured[component]?.forEach((vector, layer) => {
      const rows = each.captured[component]?.[layer] as Float32Array
      const expected = vector.map((_, i) => {
        let total = 0
        for (let item = 0; item < prompts.length; item++) total += rows[item * vector.length + i] as number
        return total / prompts.length
      })
      expect([component, largestDifference(vector, expected)]).toEqual([component, small])
    })
  const found = []
  for (const execution of ['held', 'streamed'] as const) {
    const { decoder, checkpoint } = identify(await openCheckpoint(tinyFolder('gqa-tied')))
    const sessions = await BlockSessions.load(checkpoint, decoder, execution)
    found.push(await runComponents(sessions, request, async () => {}))
    await sessions.release()
  }
  expect(found[0]).toEqual(found[1])
  expect(largestDifference(values(found[0]?.own ?? []), values(mean.own))).toEqual(small)
  await engine.close()
})

it.each([
  [[[]], 'a branch has no edit'],
  [[[ablated({ component: 'mlp_out', layer: 9 })]], 'blocks 0 to 2'],
  [[[ablated({ component: 'heads', layer: 0, head: 99 })]], 'head 99'],
  [[[ablated({ component: 'mlp_out', layer: 0, head: 0 })]], 'it has no heads'],
  [[[scaledBy({ component: 'mlp_out', layer: 0 }, NaN)]], 'not finite'],
  [[[replaced({ component: 'mlp_out', layer: 0 }, new Float32Array(3))]], 'a vector of 3 values'],
])('refuses %j', async (branches, message) => {
  const engine = await loadEngine(tinyFolder('mha'))
  await expect(engine.components({ items: items(branches) })).rejects.toThrow(message)
  await engine.close()
})

it.each([
  [undefined, 'attention to 0 groups'],
  [[[0], [7]], 'token 7 of a prompt of 7'],
])('refuses groups %j', async (groups, message) => {
  const engine = await loadEngine(tinyFolder('mha'))
  const item = { prompt: prompts[0] as number[], branches: [], answerToken: 6, ...(groups && { groups }) }
  const capture = { components: ['pattern'] as const, as: 'mean' as const }
  await expect(engine.components({ items: [item], capture })).rejects.toThrow(message)
  await engine.close()
})

function specOf(engine: LocalEngine, layer: number): LayerSpec {
  return engine.sessions.decoder.layers[layer] as LayerSpec
}

/** One item's of `[items, width]`. */
function rowOf(rows: Float32Array = new Float32Array(), item: number): Float32Array {
  const width = rows.length / prompts.length
  return rows.subarray(item * width, (item + 1) * width)
}

function sum(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(a, (value, i) => value + (b[i] as number))
}
