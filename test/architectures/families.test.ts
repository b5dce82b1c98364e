import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { families } from '../../src/architectures/catalog.js'
import type { TaskvecError } from '../../src/domain/errors.js'
import { type LocalEngine, loadEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/reference-pass.js'
import { familyConfig, familyGolden, familyModels, makeFamilyModel } from '../golden/families.js'
import { largestDifference, tinyConfig, tinyModels } from '../golden/read.js'
import { executed } from './executed.js'

const tolerance = 1e-4

let scratch: string
beforeAll(() => (scratch = mkdtempSync(join(tmpdir(), 'taskvec-families-'))))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const folderOf = (name: string) => makeFamilyModel(name, join(scratch, name))

it('there are two sets of options of every family', () => {
  const types = [...familyModels.map(familyConfig), ...tinyModels.map(tinyConfig)].map((c) => c['model_type'])
  for (const { name } of families)
    expect([name, types.filter((type) => type === name).length > 1]).toEqual([name, true])
})

describe.each(familyModels)('%s, against transformers (test/golden/make_families.py)', (name) => {
  it('computes its residual streams and logits: alone, batched, held and streamed', async () => {
    const engine = await loadEngine(folderOf(name))
    const { prompts } = familyGolden(name)
    for (const { tokens, states, logits } of prompts) {
      const { lastStates } = await forward(engine.sessions, tokens)
      expect(lastStates).toHaveLength(states.length)
      states.forEach((state, layer) =>
        expect([layer, largestDifference(lastStates[layer] ?? [], state)]).toEqual([layer, small]),
      )
      expect(largestDifference(await engine.logits(tokens), logits)).toEqual(small)
    }

    const request = {
      items: prompts.map(({ tokens }) => ({
        thetaPrompts: [tokens],
        patchedPrompt: [...tokens.slice(0, 20), 7],
        plainPrompts: [tokens.slice(0, 25)],
        answerToken: 1,
      })),
      layers: Array.from({ length: engine.sessions.decoder.blocks }, (_, layer) => layer),
      thetas: 'each' as const,
    }
    const batched = await engine.evaluate(request)
    expect(
      largestDifference(
        batched.thetas ?? [],
        prompts.flatMap(({ states }) => states.flat()),
      ),
    ).toEqual(small)
    const plain = await engine.evaluate({ ...request, route: 'plain' })
    expect(largestDifference(probabilities(batched), probabilities(plain))).toEqual(small)

    const held = await (await executed(engine, join(scratch, name), 'held')).evaluate(request)
    const streamed = await (await executed(engine, join(scratch, name), 'streamed')).evaluate(request)
    expect({ ...streamed, seconds: 0 }).toEqual({ ...held, seconds: 0 })
    expect(largestDifference(probabilities(streamed), probabilities(plain))).toEqual(small)
    await engine.close()
  })
})

describe('a mixture of experts', () => {
  it('computes no expert for rows that are not sent to it', async () => {
    const { tokens, logits } = familyGolden('mixtral-2').prompts[0] as ReturnType<
      typeof familyGolden
    >['prompts'][number]
    const unharmed = await Promise.all(
      [0, 1, 2].map(async (expert) => {
        const damage = (tensor: string) => tensor.includes(`layers.0.block_sparse_moe.experts.${expert}.`)
        const engine = await loadEngine(
          makeFamilyModel('mixtral-2', join(scratch, `damaged-${expert}`), { damage }),
        )
        // Refused where it takes part: damaged weights are not numbers.
        const own = await engine.logits(tokens).catch((error: TaskvecError) => error)
        await engine.close()
        if (!(own instanceof Error)) return largestDifference(own, logits) < tolerance
        expect(own.message).toContain('logits that are not finite numbers')
        return false
      }),
    )
    // One token goes to one expert of three.
    expect(unharmed.filter(Boolean)).toHaveLength(2)
  })

  it.each(
    ['mixtral-1', 'gpt_oss-1', 'deepseek_v3-1', 'llama4_text-1'].flatMap((name) =>
      (['int8', 'int4', 'w8a8'] as const).map((numerics) => [name, numerics] as const),
    ),
  )('%s runs in %s, near f32', async (name, numerics) => {
    const engine = await loadEngine(folderOf(name), { mode: { numerics } })
    const [, { tokens, states } = { tokens: [], states: [] }] = familyGolden(name).prompts
    const { lastStates } = await forward(engine.sessions, tokens)
    const largest = Math.max(...states.flat().map(Math.abs))
    const difference = largestDifference(lastStates.at(-1) ?? [], states.at(-1) ?? [])
    // A row may go to another expert, so that no bound holds for all models; for these it does.
    expect(difference / largest).toBeLessThan(numerics === 'int4' ? 0.5 : 0.1)
    await engine.close()
  })
})

describe('a language model beside a model of pictures', () => {
  it.each([
    ['language_model.', (name: string) => `language_model.${name}`],
    ['model.language_model.', (name: string) => name.replace(/^model\./, 'model.language_model.')],
  ])('is found under %s', async (prefix, rename) => {
    const name = 'gemma3_text-2'
    const config = { model_type: 'gemma3', text_config: familyConfig(name), layer_types: null }
    const engine = await loadEngine(makeFamilyModel(name, join(scratch, prefix), { config, rename }))
    const { tokens, logits } = familyGolden(name).prompts[1] as ReturnType<
      typeof familyGolden
    >['prompts'][number]
    expect(largestDifference(await engine.logits(tokens), logits)).toEqual(small)
    await engine.close()
  })
})

/** Less than the tolerance. */
const small = expect.toSatisfy((difference: number) => difference < tolerance, 'a small difference') as number

function probabilities({ patched, plain }: Awaited<ReturnType<LocalEngine['evaluate']>>): number[] {
  return [...patched, ...plain].flat().map(({ answerLogProb }) => answerLogProb)
}
