import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { TaskvecError } from '../domain/errors.js'
import { numericsJson } from '../domain/identity.js'
import { numericsDifference, readNumerics, type NumericsJson } from '../domain/numerics.js'
import { startEngineProcess } from '../engine/engine-process.js'
import type { EngineSettings } from '../engine/local-engine.js'
import { locateModel } from '../models/locate.js'
import { roundingBound } from './rounding-bound.js'

/** A model as a sweep had it: where it was, what it was, and in what numeric set-up. */
export interface StoredModel {
  readonly model: string
  readonly source: string
  readonly modelHash: string
  readonly numerics: NumericsJson
}

export interface OtherKind {
  readonly model: string
  /** Null: not recorded. */
  readonly kernels: string | null
  readonly here: string
  /** Log-probabilities may differ by that much; logits and their differences by twice that. */
  readonly bound: number
}

/**
 * Where the sweep found it, else where this machine has it, in the sweep's own numerics and on its device. Errors: MODEL, also
 * where it is not what the sweep ran, or would be computed in another way than by other kernels.
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
      `its files are not those of the sweep (${modelHash.slice(0, 12)}, not ${stored.modelHash.slice(0, 12)})`,
    )
  const { kernels: here = '', ...rest } = engine.info.numerics
  const { kernels = null, ...storedRest } = readNumerics(stored.numerics)
  if (numericsJson(rest) !== numericsJson(storedRest))
    await refuse(
      `the numeric set-up is another one (${numericsDifference(numericsJson(rest), numericsJson(storedRest))})`,
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

/** Things of one model, content and numeric set-up together: each takes an engine of its own. */
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

/** Some of `things` in a seeded order, until together they count as many as are wanted. */
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
