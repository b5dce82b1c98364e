import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Item } from '../../src/domain/types.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { promptsOf } from '../../src/experiments/prompts.js'
import type { FinishedTask } from '../../src/experiments/experiment.js'
import { fromName, fromSchema, itemsFrom } from '../../src/experiments/transfer/settings.js'
import { termsOf } from '../../src/experiments/transfer/sources.js'
import { transfer as experiment } from '../../src/experiments/transfer/transfer.js'
import { transfer } from '../../src/experiments/transfer/forward-passes.js'
import { makeTinyModel } from '../tiny-model.js'

const folder = mkdtempSync(join(tmpdir(), 'taskvec-transfer-'))
let engine: LocalEngine
beforeAll(async () => {
  engine = await loadEngine(makeTinyModel(join(folder, 'tiny')))
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

const items = (words: string, answer: (x: string) => string): Item[] =>
  words.split(' ').map((query) => ({
    demonstrations: [{ input: 'k', output: answer('k') }],
    query,
    answer: answer(query),
    accept: [],
    dummyQueries: ['m', 'n'],
  }))

const upper = items('a b c', (x) => x.toUpperCase())
const next = items('d e f', (x) => String.fromCharCode(x.charCodeAt(0) + 1))
const place = { model: 'tiny', modelHash: '', numerics: '{}' as const, task: '' }
const target = { task: 'next', scoring: 'exact' as const, items: next, layers: [1, 4] }

/** Mean log-probability of the answers with the weighted sum of mean θ patched in, by the plain route, prompt by prompt. */
async function plainly(terms: readonly { weight: number; items: Item[] }[], layer: number): Promise<number> {
  const theta = new Float32Array(engine.info.dModel)
  for (const { weight, items } of terms) {
    const thetaItems = (await promptsOf(engine, items)).map(({ theta }) => ({
      thetaPrompts: theta,
      patchedPrompt: null,
      plainPrompts: [],
      answerToken: 0,
    }))
    const { thetas } = await engine.evaluate({
      items: thetaItems,
      layers: [layer],
      thetas: 'mean',
      route: 'plain',
    })
    thetas?.forEach((value, i) => (theta[i] = (theta[i] as number) + weight * value))
  }
  const asked = (await promptsOf(engine, next)).map(({ bare, answerToken }) => ({
    thetaPrompts: [],
    patchedPrompt: bare,
    plainPrompts: [],
    answerToken,
  }))
  const { patched } = await engine.evaluate({
    items: asked,
    layers: [layer],
    givenTheta: theta,
    route: 'plain',
  })
  return patched.reduce((sum, [reading]) => sum + (reading?.answerLogProb ?? NaN), 0) / patched.length
}

describe('transfer', () => {
  it('patches the weighted sum of tasks’ mean θ into the queries of another, as the plain route does', async () => {
    const terms = [
      { weight: 1, items: upper },
      { weight: -0.5, items: next },
    ]
    const { scores } = await transfer(engine, { ...place, source: { terms }, targets: [target] }, {})
    expect(scores.map(({ task, layer, items }) => [task, layer, items])).toEqual([
      ['next', 1, 3],
      ['next', 4, 3],
    ])
    for (const { layer, answerLogProb } of scores)
      expect(answerLogProb).toBeCloseTo(await plainly(terms, layer), 4)
  })

  it('has a control that the seed determines', async () => {
    const control = async (seed: number) =>
      (await transfer(engine, { ...place, source: { seed }, targets: [target] }, {})).scores
    expect(await control(41)).toEqual(await control(41))
    expect(await control(41)).not.toEqual(await control(42))
  })
})

describe('compositions', () => {
  const tasks = ['translation_fr_en', 'translation_en_es', 'linguistic_antonyms', 'other_en_es_x']

  it('name tasks by their ids or the end of them, with factors', () => {
    expect(termsOf('fr_en + en_es - 0.5 antonyms', tasks)).toEqual([
      { weight: 1, task: 'translation_fr_en' },
      { weight: 1, task: 'translation_en_es' },
      { weight: -0.5, task: 'linguistic_antonyms' },
    ])
    expect(termsOf('2 * linguistic_antonyms', tasks)).toEqual([{ weight: 2, task: 'linguistic_antonyms' }])
  })

  it.each([
    ['fr_en + de_en', /de_en is not among the sweep's tasks/],
    ['fr_en en_es', /is not a composition of tasks/],
  ])('%s is refused', (expression, message) => expect(() => termsOf(expression, tasks)).toThrow(message))
})

describe('θ of another setting', () => {
  const pairs = [...'abcdefghij'].map((x) => ({ input: ` ${x}`, output: ` ${x.toUpperCase()}`, accept: [] }))
  const own: Item = {
    demonstrations: [{ input: ' a', output: ' A' }],
    ...{ query: ' b', answer: ' B', accept: [], dummyQueries: [' c'] },
  }
  const task = {
    ...{ task: 'upper', protocol: { seed: 41, demonstrations: 1, dummyQueries: 1 } },
    items: () => [own],
    population: () => pairs,
  } as unknown as FinishedTask

  it('has the same words in another prompt, without the space that it writes itself', () => {
    const { prompt } = fromSchema.parse({ prompt: 'qa' })
    expect(itemsFrom(task, { prompt }, 1)).toEqual([
      {
        demonstrations: [{ input: 'a', output: 'A' }],
        ...{ query: 'b', answer: 'B', accept: [], dummyQueries: ['c'] },
        prompt: expect.objectContaining({ query: 'Q: {x}\nA:' }) as unknown,
      },
    ])
  })

  it('redraws more demonstrations, or those of another seed', () => {
    const drawn = itemsFrom(task, { demonstrations: 4 }, 2)
    expect(drawn.map(({ demonstrations }) => demonstrations.length)).toEqual([4, 4])
    expect(itemsFrom(task, { demonstrations: 4 }, 2)).toEqual(drawn)
    expect(itemsFrom(task, { demonstrations: 4, seed: 42 }, 2)).not.toEqual(drawn)
  })

  it('is a source of its own, named by what differs', () => {
    const given = { pairs: [['a', 'b']], from: [{ demonstrations: 10, prompt: 'qa' }], random: false }
    const settings = experiment.settings?.parse(given)
    const units = experiment.units?.(settings as never, ['a', 'b']) ?? []
    expect(units.map(({ thetaTask }) => thetaTask)).toEqual(['a', 'a @ k10-qa'])
    expect(fromName({ seed: 42 })).toBe('s42')
    expect(() => fromSchema.parse({})).toThrow(/must contain demonstrations, prompt or seed/)
    expect(() => fromSchema.parse({ prompt: 'chat' })).toThrow(/cannot be a chat template/)
    expect(() => fromSchema.parse({ numerics: 'int8' })).toThrow(/only in the sweep's numerics/)
  })
})
