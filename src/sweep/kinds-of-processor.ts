import type Database from 'better-sqlite3'
import type { SweepConfig } from '../config/sweep-config.js'
import { TaskvecError } from '../domain/errors.js'
import { kernelsOf, otherProcessorHint } from '../domain/numerics.js'
import { kernelsHere } from '../engine/kernels.js'
import { runsOfAnyKind, settledNumerics } from '../store/sweeps.js'

/**
 * Checks, before anything is computed, that the sweep's stored results come from this kind of processor, and reports those whose kind is
 * not recorded. `here`: ids of the models that this process computes. Errors: WORKER if a model's results come from another kind.
 */
export async function checkKindsOfProcessor(
  db: Database.Database,
  sweepId: string,
  { mode }: Pick<SweepConfig, 'mode'>,
  here: Iterable<string>,
  say: (line: string) => void,
): Promise<void> {
  if (mode?.processors === 'any') return
  const settled = settledNumerics(db, sweepId)
  for (const model of here) {
    const numerics = settled.get(model)
    const kernels = numerics === undefined ? null : kernelsOf(numerics)
    if (kernels === null || kernels === (await kernelsHere())) continue
    throw new TaskvecError(
      'WORKER',
      `${model}: the results of sweep ${sweepId} come from another kind of processor: ${kernels}; this one is ${await kernelsHere()}`,
      {
        hint: `${otherProcessorHint}\nTo keep the database here and compute elsewhere: --elsewhere ${model}, and taskvec worker on a machine like the first.`,
      },
    )
  }
  if ([...settled.values()].some((numerics) => kernelsOf(numerics) === null))
    say(
      'This sweep began before taskvec recorded kinds of processors: its results may come from several, and agree within a bound (docs/numerics.md).',
    )
  const reusable = settled.size === 0 ? runsOfAnyKind(db) : 0
  if (reusable > 0)
    say(
      `${reusable} stored runs do not record their kind of processor, so this sweep does not reuse them; \`processors: any\` would.`,
    )
}
