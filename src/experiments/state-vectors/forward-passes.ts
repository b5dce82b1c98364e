import { allLayers } from '../../domain/layers.js'
import type { Item } from '../../domain/types.js'
import { replaced, type Branch, type ComponentsResult } from '../../engine/components.js'
import type { AnswerMetrics, Engine, EvaluateOptions } from '../../engine/engine.js'
import { formatPrompt, specialOf } from '../../prompt/format.js'
import type { TaskStep } from '../experiment.js'
import { within } from '../progress.js'
import { promptsOf, type RunningEngine } from '../prompts.js'
import { scoresByLayer, type Score, type Scores } from '../scores.js'
import { averaged, averages, type Average } from './averages.js'

/** Whose states: θ's, the residual stream after block L; or the heads' outputs of the blocks up to L, as in Li et al. */
const sources = ['theta', 'heads'] as const
type Source = (typeof sources)[number]

/** `theta`, `theta-inner`, `theta-momentum`, `heads`, .. */
export type StateKind = Source | `${Source}-${Exclude<Average, 'last'>}`
export const stateKinds: readonly StateKind[] = sources.flatMap((source) =>
  averages.map((average) => (average === 'last' ? source : (`${source}-${average}` as const))),
)

export interface StateVectorsStep extends TaskStep {
  /** How many of a prompt's last states are averaged. */
  readonly last: number
}

/** States and edits held in memory at once. */
const bytesAtOnce = 512e6

/**
 * State vectors and θ of the same demonstrations and dummy queries, patched into the same queries [x, ->]:
 *
 * 1. States at the arrows: V_i at the end of [S before i, x_i, ->], for each demonstration i; V_{k+1} at the end of [S, x', ->], mean over
 *    the dummy queries x'.
 * 2. The last of them, their mean, and the mean extrapolated by momentum (averages.ts).
 * 3. Patched in at the last token of [x, ->]: after block L alone (θ), or in all blocks 0 to L (heads' outputs), for every L.
 */
export async function stateVectors(
  engine: RunningEngine & Pick<Engine, 'info' | 'components'>,
  { items, scoring, last }: StateVectorsStep,
  options: EvaluateOptions,
): Promise<Scores> {
  const { blocks, dModel } = engine.info
  const atOnce = Math.max(1, Math.floor(bytesAtOnce / (4 * blocks * 12 * dModel)))
  const read: (readonly AnswerMetrics[])[] = []
  for (let first = 0; first < items.length; first += atOnce) {
    const some = items.slice(first, first + atOnce)
    const own = within(options, first / items.length, (first + some.length) / items.length)
    const states = await statesOf(engine, some, within(own, 0, 0.3))
    const prompts = await promptsOf(engine, some)
    const asked = prompts.map(({ bare, answerToken }, i) => ({
      prompt: bare,
      answerToken,
      branches: branchesOf(states[i] as States, last, blocks),
    }))
    const { branches } = await engine.components({ items: asked }, within(own, 0.3, 1))
    read.push(...branches)
  }
  const scores: Score[] = []
  for (const [k, setting] of stateKinds.entries()) {
    const ofKind = read.map((ofItem) => ofItem.slice(k * blocks, (k + 1) * blocks))
    scores.push(...(await scoresByLayer(engine, items, scoring, ofKind, allLayers(blocks), setting)))
  }
  return { scores }
}

/** V_1 .. V_{k+1} of each layer: `[layer][state]`. */
type States = Readonly<Record<Source, readonly (readonly Float32Array[])[]>>

async function statesOf(
  engine: Pick<Engine, 'encode' | 'components'>,
  items: readonly Item[],
  options: EvaluateOptions,
): Promise<States[]> {
  const texts = items.map(({ demonstrations, dummyQueries, prompt }) => [
    ...demonstrations.map(({ input }, i) => formatPrompt(demonstrations.slice(0, i), input, prompt)),
    ...dummyQueries.map((dummy) => formatPrompt(demonstrations, dummy, prompt)),
  ])
  const prompts = await engine.encode(texts.flat(), specialOf(items[0]?.prompt))
  const { captured } = await engine.components(
    {
      items: prompts.map((prompt) => ({ prompt, branches: [], answerToken: 0 })),
      capture: { components: ['heads', 'resid_post'], as: 'each' },
    },
    options,
  )
  let next = 0
  return items.map(({ demonstrations }, i) => {
    const first = next
    next += texts[i]?.length ?? 0
    const of = (layers: ComponentsResult['captured']['heads'] = []) =>
      layers.map((rows) => {
        const width = rows.length / prompts.length
        const ofItem = Array.from({ length: next - first }, (_, state) =>
          rows.subarray((first + state) * width, (first + state + 1) * width),
        )
        const ends = ofItem.slice(demonstrations.length)
        return [...ofItem.slice(0, demonstrations.length), meanOf(ends)]
      })
    return { theta: of(captured.resid_post), heads: of(captured.heads) }
  })
}

/** In the order of `stateKinds`, each at every L. */
function branchesOf(states: States, last: number, blocks: number): Branch[] {
  return sources.flatMap((source) => {
    const component = source === 'theta' ? 'resid_post' : 'heads'
    const vectors = states[source].map((ofLayer) => averaged(ofLayer, last))
    return averages.flatMap((average) => {
      const edits = vectors.map((of, layer) => replaced({ component, layer }, of[average]))
      return allLayers(blocks).map((layer) => edits.slice(source === 'theta' ? layer : 0, layer + 1))
    })
  })
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const [one] = vectors as [Float32Array]
  if (vectors.length === 1) return one
  return one.map((_, i) => vectors.reduce((sum, vector) => sum + (vector[i] as number), 0) / vectors.length)
}
