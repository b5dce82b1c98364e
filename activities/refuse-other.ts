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

/** What a sweep's results of a model are of: what the model was when its tasks were prepared, and its numeric set-up. */
export interface Expected {
  readonly model: string
  readonly modelHash: string
  /** Canonical JSON. */
  readonly numerics?: NumericsJson
}

/** As `refuseOther`, where the sweep's content is settled. */
export function refuseOtherContent(model: string, content: ModelContent | undefined, engine: Engine): void {
  if (content) refuseOther({ model, modelHash: content.hash, numerics: content.numerics }, engine)
}

/** Refuses to compute with other weights, other numerics or, where kinds may not mix, on another kind of processor. Errors: WORKER, MODEL. */
export function refuseOther({ model, modelHash, numerics }: Expected, engine: Engine): void {
  const loaded = engine.info.modelHash
  const here = numericsJson(boundNumerics(engine.info.numerics, numerics))
  if (numerics !== undefined && numerics !== here) {
    const difference = numericsDifference(here, numerics)
    throw new TaskvecError(
      'WORKER',
      kernelsOf(here) === kernelsOf(numerics)
        ? `${hostname()}: ${model} would be computed with other numerics than the sweep's (${difference})`
        : `${hostname()}: another kind of processor than the one that the sweep's results of ${model} come from (${difference})`,
      {
        hint:
          kernelsOf(here) === kernelsOf(numerics)
            ? 'Give this worker the same memory, device and taskvec version as the others, or leave the model to them.'
            : otherProcessorHint,
      },
    )
  }
  if (loaded === modelHash) return
  throw new TaskvecError(
    'MODEL',
    `${hostname()}: the weights of ${model} differ from those the sweep started with (${loaded.slice(0, 12)}, not ${modelHash.slice(0, 12)})`,
    {
      hint: 'Give every worker the same files: taskvec models pull, taskvec models check.',
    },
  )
}
