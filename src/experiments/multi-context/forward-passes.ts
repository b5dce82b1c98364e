import type { Item } from '../../domain/types.js'
import { allLayers } from '../../domain/layers.js'
import type { Engine, EvaluateOptions } from '../../engine/engine.js'
import type { TaskStep } from '../experiment.js'
import { layerCurve } from '../layer-curve.js'
import { promptsOf, type RunningEngine } from '../prompts.js'
import type { Scores } from '../scores.js'
import { lastStates, meanRow } from '../thetas.js'

/**
 * Multi-context θ (docs/protocol.md, Main experiment, "Multi-context θ"): for an item, the mean of the last-token states of all other
 * items' [S, x', ->], x' their own query, whose demonstrations and query do not contain x; for every L. Items without
 * such others are left out.
 */
export async function multiContext(
  engine: RunningEngine & Pick<Engine, 'info'>,
  { items, scoring }: TaskStep,
  options: EvaluateOptions,
): Promise<Scores> {
  const layers = allLayers(engine.info.blocks)
  const prompts = await promptsOf(engine, items)
  const states = await lastStates(
    engine,
    prompts.map(({ regular }) => [regular]),
    layers,
    options,
  )
  const size = states.length / items.length
  const usable = items.flatMap((item) => {
    const others = othersOf(item, items)
    return others.length > 0 ? [{ item, theta: meanRow(states, others, size) }] : []
  })
  return layerCurve(
    engine,
    usable.map(({ item }) => item),
    scoring,
    { layers },
    (_, i) => ({ givenTheta: usable[i]?.theta as Float32Array }),
    options,
  )
}

/** Which items' prompts do not contain the item's query. */
export function othersOf({ query }: Item, items: readonly Item[]): number[] {
  return items.flatMap((other, j) =>
    other.query !== query && !other.demonstrations.some(({ input }) => input === query) ? [j] : [],
  )
}
