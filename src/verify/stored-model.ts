import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { TaskvecError } from '../domain/errors.js'
import { numericsJson } from '../domain/identity.js'
import { numericsDifference, readNumerics, type NumericsJson } from '../domain/numerics.js'
import { startEngineProcess } from '../engine/engine-process.js'
import type { EngineSettings } from '../engine/local-engine.js'
import { locateModel } from '../models/locate.js'
import { roundingBound } from './rounding-bound.js'

/** A model as a sweep used it: its source, content hash and numerics. */
export interface StoredModel {
  readonly model: string
  readonly source: string
  readonly modelHash: string
  readonly numerics: NumericsJson
}

export interface OtherKind {
  readonly model: string
  /** Null if not recorded. */
  readonly kernels: string | null
  readonly here: string
  /** Bound for log-probabilities; twice that for logits and their differences. */
  readonly bound: number
}

/**
 * Opens the model at the sweep's path, else where this machine has it, in the sweep's numerics and on its device. Errors: MODEL if it
 * is missing, has other weights than the sweep's, or its numerics differ in more than the kernels.
 */
export async function openAsStored(stored: StoredModel, settings: EngineSettings | undefined) {
  const { mode: numerics, device } = readNumerics(stored.numerics)
  const engine = await startEngineProcess(locate(stored), { ...settings, mode: { numerics, device } })
  const { modelHash } = engine.info
  const refuse = async (reason: string) => {
    await engine.close()
    throw new TaskvecError('MODEL', reason)
  }
  if (modelHash !== stored.modelHash)
    await refuse(
      `its weights differ from the sweep's (${modelHash.slice(0, 12)}, not ${stored.modelHash.slice(0, 12)})`,
    )
  const { kernels: here = '', ...rest } = engine.info.numerics
  const { kernels = null, ...storedRest } = readNumerics(stored.numerics)
  if (numericsJson(rest) !== numericsJson(storedRest))
    await refuse(
      `its numerics differ from the sweep's (${numericsDifference(numericsJson(rest), numericsJson(storedRest))})`,
    )
  const bound = roundingBound(engine.info)
  const otherKind: OtherKind | null = kernels === here ? null : { model: stored.model, kernels, here, bound }
  return { engine, otherKind }
}

function locate({ model, source }: StoredModel): string {
  try {
    return locateModel({ id: model, path: source })
  } catch (error) {
    if (!(error instanceof TaskvecError)) throw error
    return locateModel({ id: model })
  }
}

/** Groups things by model, content and numerics, each of which needs its own engine. */
export function byModel<Thing extends StoredModel>(
  things: readonly Thing[],
): { readonly model: string; readonly things: readonly Thing[] }[] {
  const models = new Map<string, { model: string; things: Thing[] }>()
  for (const thing of things) {
    const { model, modelHash, numerics } = thing
    const name = [model, modelHash, numerics].join(' ')
    const known = models.get(name)
    if (known) known.things.push(thing)
    else models.set(name, { model, things: [thing] })
  }
  return [...models.values()]
}

/** Draws things in a seeded order until their counts reach `wanted`. */
export function draw<Thing>(
  things: readonly Thing[],
  wanted: number,
  seed: number,
  count: (thing: Thing) => number = () => 1,
): Thing[] {
  const random = xoroshiro128plus(seed)
  const rest = [...things]
  const chosen: Thing[] = []
  for (let sum = 0; sum < wanted && rest.length > 0;) {
    const [thing] = rest.splice(uniformInt(random, 0, rest.length - 1), 1) as [Thing]
    chosen.push(thing)
    sum += count(thing)
  }
  return chosen
}
