import { hostname } from 'node:os'
import { TaskvecError } from '../src/domain/errors.js'
import { numericsJson } from '../src/domain/identity.js'
import {
  boundNumerics,
  kernelsOf,
  numericsDifference,
  otherProcessorHint,
  type NumericsJson,
} from '../src/domain/numerics.js'
import type { ModelContent } from '../src/domain/types.js'
import type { Engine } from '../src/engine/engine.js'

/** Content and numerics that the sweep's results of a model have. */
export interface Expected {
  readonly model: string
  readonly modelHash: string
  /** Canonical JSON. */
  readonly numerics?: NumericsJson
}

/** `refuseOther`, if the sweep's content of the model is settled. */
export function refuseOtherContent(model: string, content: ModelContent | undefined, engine: Engine): void {
  if (content) refuseOther({ model, modelHash: content.hash, numerics: content.numerics }, engine)
}

/** Refuses to compute with other weights or numerics or, unless they may mix, on another kind of processor. Errors: MODEL, WORKER. */
export function refuseOther({ model, modelHash, numerics }: Expected, engine: Engine): void {
  const loaded = engine.info.modelHash
  const here = numericsJson(boundNumerics(engine.info.numerics, numerics))
  if (numerics !== undefined && numerics !== here) {
    const difference = numericsDifference(here, numerics)
    throw new TaskvecError(
      'WORKER',
      kernelsOf(here) === kernelsOf(numerics)
        ? `${hostname()}: the numerics of ${model} differ from the sweep's (${difference})`
        : `${hostname()}: the sweep's results of ${model} come from another kind of processor (${difference})`,
      {
        hint:
          kernelsOf(here) === kernelsOf(numerics)
            ? 'Give this worker the same memory, device and taskvec version as the others, or do not serve the model here.'
            : otherProcessorHint,
      },
    )
  }
  if (loaded === modelHash) return
  throw new TaskvecError(
    'MODEL',
    `${hostname()}: the weights of ${model} differ from those the sweep started with (${loaded.slice(0, 12)}, not ${modelHash.slice(0, 12)})`,
    { hint: 'Give every worker the same files: taskvec models pull, taskvec models check.' },
  )
}
