import { z } from 'zod'
import { TaskvecError } from '../../domain/errors.js'
import { allLayers } from '../../domain/layers.js'
import { groupBy } from '../../figures/paper-rules.js'
import { passesOf, passesStep, rowsOf, type UnitKind } from '../experiment.js'
import { vectorKinds, type VectorKind } from '../function-vectors/forward-passes.js'
import { functionVectorScores } from '../function-vectors/tables.js'
import { places, topHeads } from '../function-vectors/top-heads.js'
import { count } from '../settings.js'
import { commonIdentity, hashOf, taskStep } from '../task-units.js'
import { naturalText } from './forward-passes.js'
import { naturalTextScores } from './tables.js'
import { checkTemplates, templatesOf } from './templates.js'

const template = z
  .string()
  .max(400)
  .refine((text) => text.split('{x}').length === 2, 'must contain {x} once, in place of the query')
const templates = z.array(template).min(1).max(50)
const given = z.strictObject({
  /** Sentences for all tasks, or by task; tasks without any have those of Todd et al. */
  templates: z.union([templates, z.record(z.string(), templates)]).default({}),
  /** Test items, the first ones. */
  items: count.default(20),
  maxTokens: z.int().min(1).max(200).default(5),
  /** `best`: for each kind, the L that is best in [x, ->], mean over the tasks. */
  layers: z.enum(['best', 'all']).default('best'),
})

/** `naturalText` of function vectors; null if switched off. */
export const naturalTextSetting = z
  .union([z.boolean(), given], { error: 'must be true, false or {templates, items, maxTokens, layers}' })
  .default(true)
  .transform((value) => (value === true ? given.parse({}) : value === false ? null : value))

export interface NaturalTextSettings extends z.output<typeof given> {
  /** As for function vectors. */
  readonly heads: number | null
  readonly prompts: number
}

const passes = passesOf('naturalText', 'natural text', naturalText)

/** All tasks of a model whose function vectors are known. */
export const naturalTextUnit: UnitKind<NaturalTextSettings> = {
  passes: [passes],
  table: naturalTextScores,
  hands: ({ items, prompts }) => [
    { setting: 'functionVectors: naturalText: items', split: 'test', items },
    { setting: 'functionVectors: prompts', split: 'dev', items: prompts },
  ],
  plan(context, { heads: asked, prompts, items: number, templates, maxTokens, layers }) {
    const [vectors] = context.runsOf('function_vectors')
    if (!vectors) throw new TaskvecError('TASK', 'function vectors are needed, but there are none')
    const scores = context.storedBy(vectors.runId).all(functionVectorScores)
    const names = [...new Set(scores.map(({ taskId }) => taskId))]
    checkTemplates(templates, names)
    const heads = places(topHeads(context, asked))
    const best = layers === 'best' ? bestLayers(scores) : null
    const tasks = names.map((name) => {
      const of = context.task(name)
      const step = {
        ...taskStep(of, of.items('test', number)),
        clean: of.items('dev', prompts),
        templates: templatesOf(name, templates),
        layers: best ?? everyLayer(of.blocks),
        ...{ heads, maxTokens, seed: context.seed },
      }
      return { name, of, step }
    })
    return {
      identity: {
        of: vectors.key,
        tasks: tasks.map(({ of, step: { items, clean, templates } }) => ({
          ...commonIdentity(of),
          ...{ items: hashOf(items), clean: hashOf(clean), templates },
        })),
        ...{ maxTokens, layers, seed: context.seed },
      },
      modelHash: vectors.modelHash,
      next(stored) {
        const missing = tasks.find(({ name }) => !stored.has(naturalTextScores, { taskId: name }))
        if (!missing) return null
        const { name, step } = missing
        return passesStep(`text of ${name}`, passes, step, ({ items, scores }) => [
          rowsOf(
            naturalTextScores,
            scores.map(({ layer, ...score }) => ({ taskId: name, items, layer: layer ?? -1, ...score })),
          ),
        ])
      },
    }
  },
}

/** For each kind, the lowest L with the highest mean accuracy in [x, ->]; for the random vector, the function vector's L. */
function bestLayers(scores: readonly (typeof functionVectorScores.$inferSelect)[]) {
  const of = (kind: VectorKind) => {
    const own = scores.filter((score) => score.prompt === 'zero-shot' && score.kind === kind)
    const means = groupBy(own, ({ layer }) => layer).map(([layer, at]) => ({
      layer,
      mean: at.reduce((sum, { correct, items }) => sum + correct / items, 0) / at.length,
    }))
    const best = means.reduce((a, b) => (b.mean > a.mean || (b.mean === a.mean && b.layer < a.layer) ? b : a))
    return [best.layer]
  }
  return {
    'theta-replaced': of('theta-replaced'),
    'theta-added': of('theta-added'),
    'function-vector': of('function-vector'),
    'random-vector': of('function-vector'),
  }
}

function everyLayer(blocks: number) {
  return Object.fromEntries(vectorKinds.map((kind) => [kind, allLayers(blocks)])) as Record<
    VectorKind,
    number[]
  >
}
