import type Database from 'better-sqlite3'
import { describeError, TaskvecError } from '../domain/errors.js'
import type { GivenTheta, Item, RunKind, RunResult, Scoring } from '../domain/types.js'
import type { EngineSettings } from '../engine/local-engine.js'
import { runBaseline, runDev, runTest, type Outcome } from '../experiments/main/main-experiment.js'
import { givenTheta, type GivenVectors } from '../experiments/given-theta.js'
import type { RunningEngine } from '../experiments/prompts.js'
import { itemsOf } from '../store/stored-vectors.js'
import type { Problem } from './check.js'
import { byModel, draw, openAsStored, type OtherKind, type StoredModel } from './stored-model.js'
import { compare, predictionsOf, gapsTo } from './compare-predictions.js'

export interface Sample {
  /** Share of the runs, 0 to 1. */
  readonly fraction: number
  /** Seed for drawing the runs. */
  readonly seed: number
  /** Only runs of this sweep. */
  readonly sweepId?: string | undefined
  readonly settings?: EngineSettings
  readonly say?: (line: string) => void
}

export interface Recomputed {
  /** Recomputed runs, out of `of`. */
  readonly runs: number
  readonly of: number
  readonly predictions: number
  /** Predictions that are bitwise equal. */
  readonly identical: number
  /** Largest difference of a log-probability. */
  readonly largest: number
  readonly problems: readonly Problem[]
  /** Predictions with another token because two logits tie within the bound; on another kind of processor only. */
  readonly nearTies: readonly Problem[]
  /** Models whose results come from another or an unrecorded kind of processor, with the bound applied. */
  readonly otherKinds: readonly OtherKind[]
  /** Models whose runs could not be recomputed here, and why. */
  readonly unchecked: readonly { readonly model: string; readonly runs: number; readonly reason: string }[]
}

/** Runs that one activity computed together; recomputed together too, since their last bits may depend on it. */
interface Group extends StoredModel {
  readonly sweep: string
  readonly task: string
  readonly scoring: Scoring
  readonly itemsHash: string
  readonly part: 'baseline' | 'dev' | 'test'
  readonly layers: readonly number[]
  readonly runs: { readonly id: number; readonly kind: RunKind; readonly layer: number | null }[]
}

/** Recomputes a sample of the main experiment's stored runs, model by model, and compares every prediction. */
export async function recompute(db: Database.Database, sample: Sample): Promise<Recomputed> {
  const groups = storedGroups(db, sample.sweepId)
  const of = groups.reduce((sum, { runs }) => sum + runs.length, 0)
  const chosen = draw(groups, sample.fraction * of, sample.seed, ({ runs }) => runs.length)
  const result = { runs: 0, of, predictions: 0, identical: 0, largest: 0 }
  const problems: Problem[] = []
  const unchecked: { model: string; runs: number; reason: string }[] = []

  const nearTies: Problem[] = []
  const otherKinds: OtherKind[] = []
  for (const { model, things: ofModel } of byModel(chosen)) {
    const runs = ofModel.reduce((sum, group) => sum + group.runs.length, 0)
    sample.say?.(`${model}: recomputing ${runs} runs`)
    try {
      const { engine, otherKind } = await openAsStored(ofModel[0] as Group, sample.settings)
      if (otherKind) otherKinds.push(otherKind)
      try {
        for (const group of ofModel) {
          const items = itemsOf(db, group.itemsHash)
          const given = givenOf(db, group, engine.info.dModel)
          const outcome = await evaluate(engine, group, items, given)
          for (const run of group.runs) {
            const of = ({ runs }: Outcome) =>
              (runs.find(({ kind, layer }) => kind === run.kind && layer === run.layer) as RunResult)
                .predictions
            const where = `${group.sweep} ${model} ${group.task} ${group.part} ${run.kind}${run.layer === null ? '' : ` L = ${run.layer}`}`
            const stored = predictionsOf(db, run.id)
            const elsewhere = otherKind && {
              bound: otherKind.bound,
              gaps: () =>
                gapsTo(stored, engine, async (asking) => of(await evaluate(asking, group, items, given))),
            }
            const compared = await compare(stored, of(outcome), where, elsewhere)
            result.runs++
            result.predictions += compared.predictions
            result.identical += compared.identical
            result.largest = Math.max(result.largest, compared.largest)
            problems.push(...compared.problems)
            nearTies.push(...compared.nearTies)
          }
        }
      } finally {
        await engine.close()
      }
    } catch (error) {
      if (!(error instanceof TaskvecError)) throw error
      unchecked.push({ model, runs, reason: describeError(error) })
    }
  }
  return { ...result, problems, nearTies, otherKinds, unchecked }
}

function storedGroups(db: Database.Database, sweepId: string | undefined): Group[] {
  const rows = db
    .prepare(
      `select p.sweep_id as sweep, p.model_id as model, p.task_id as task, m.source, p.model_hash as modelHash, p.numerics, p.scoring,
              r.items_hash as itemsHash, r.split as part, r.id, r.kind, r.layer, coalesce(c.layers_together, p.best_layer) as together
       from prepared_tasks p join sweep_models m on m.sweep_id = p.sweep_id and m.model_id = p.model_id
       join all_runs a on a.sweep = p.sweep_id and a.model = p.model_id and a.task = p.task_id
       join runs r on r.key = a.run_key
       left join cells c on r.split = 'dev' and c.sweep_id = p.sweep_id and c.model_id = p.model_id and c.task_id = p.task_id and c.run_key = r.key
       where @sweepId is null or p.sweep_id = @sweepId order by p.rowid, r.split, together, r.layer`,
    )
    .iterate({ sweepId: sweepId ?? null }) as Iterable<
    Omit<Group, 'layers' | 'runs'> & Group['runs'][number] & { together: string | number | null }
  >
  const groups = new Map<string, Group>()
  const seen = new Set<number>()
  for (const { id, kind, layer, together, ...place } of rows) {
    if (seen.has(id)) continue // several sweeps refer to this run
    seen.add(id)
    const layers = place.part === 'baseline' ? [] : String(together).split(',').map(Number)
    const name = [place.sweep, place.model, place.task, place.part, ...layers].join(' ')
    const group = groups.get(name) ?? { ...place, layers, runs: [] }
    groups.set(name, group)
    group.runs.push({ id, kind, layer })
  }
  return [...groups.values()]
}

function evaluate(
  engine: RunningEngine,
  { part, scoring, layers }: Group,
  items: readonly Item[],
  given: GivenVectors | undefined,
): Promise<Outcome> {
  if (part === 'baseline') return runBaseline(engine, items, scoring)
  return part === 'dev'
    ? runDev(engine, items, scoring, layers, {}, undefined, given)
    : runTest(engine, items, scoring, layers[0] as number, {}, undefined, given)
}

/** The vectors that the config gives instead of θ; undefined if none. */
function givenOf(
  db: Database.Database,
  { sweep, task, part, layers }: Group,
  dModel: number,
): GivenVectors | undefined {
  const theta = db
    .prepare("select spec ->> '$.theta' from sweep_tasks where sweep_id = ? and task_id = ?")
    .pluck()
    .get(sweep, task) as string | null | undefined
  return theta && part !== 'baseline'
    ? givenTheta(JSON.parse(theta) as GivenTheta, layers, dModel)
    : undefined
}
