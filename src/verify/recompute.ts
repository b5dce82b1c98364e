import type Database from 'better-sqlite3'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { describeError, TaskvecError } from '../domain/errors.js'
import { canonicalJson } from '../domain/identity.js'
import type { Item, Predictions, RunKind, RunResult, Scoring } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import { startEngineProcess } from '../engine/engine-process.js'
import type { EngineSettings } from '../engine/local-engine.js'
import { runBaseline, runDev, runTest, type Outcome } from '../experiments/main/main-experiment.js'
import { locateModel } from '../models/locate.js'
import { itemOf, type StoredItem } from '../store/content.js'
import type { Problem } from './check.js'

export interface Sample {
  /** Of the runs, 0 to 1. */
  readonly fraction: number
  /** Which runs are drawn. */
  readonly seed: number
  /** Only this sweep's. */
  readonly sweepId?: string | undefined
  readonly settings?: EngineSettings
  readonly say?: (line: string) => void
}

export interface Recomputed {
  /** Runs that were computed again, of `of`. */
  readonly runs: number
  readonly of: number
  readonly predictions: number
  /** Predictions that are the same to the last bit. */
  readonly identical: number
  /** Largest difference of a log-probability. */
  readonly largest: number
  readonly problems: readonly Problem[]
  /** Models whose runs could not be computed here, and why. */
  readonly unchecked: readonly { readonly model: string; readonly runs: number; readonly reason: string }[]
}

/** Log-probabilities of another processor differ by less (docs/numerics.md: the same bits are promised on one kind of processor only). */
const tolerance = 1e-4

/** A model as a sweep had it: where it was, what it was, and in what numeric set-up (canonical JSON). */
export interface StoredModel {
  readonly model: string
  readonly source: string
  readonly modelHash: string
  readonly numerics: string
}

/** Runs that one activity computed together: their bits may depend on that, so they are computed together again. */
interface Group extends StoredModel {
  readonly sweep: string
  readonly task: string
  readonly scoring: Scoring
  readonly itemsHash: string
  readonly part: 'baseline' | 'dev' | 'test'
  readonly layers: readonly number[]
  readonly runs: { readonly id: number; readonly kind: RunKind; readonly layer: number | null }[]
}

/** Computes a sample of the stored runs of the main experiment again, model by model, and compares every prediction. */
export async function recompute(db: Database.Database, sample: Sample): Promise<Recomputed> {
  const groups = storedGroups(db, sample.sweepId)
  const of = groups.reduce((sum, { runs }) => sum + runs.length, 0)
  const chosen = draw(groups, sample.fraction * of, sample.seed, ({ runs }) => runs.length)
  const result = { runs: 0, of, predictions: 0, identical: 0, largest: 0 }
  const problems: Problem[] = []
  const unchecked: { model: string; runs: number; reason: string }[] = []

  for (const [model, ofModel] of byModel(chosen)) {
    const runs = ofModel.reduce((sum, group) => sum + group.runs.length, 0)
    sample.say?.(`${model}: computing ${runs} runs again`)
    try {
      const engine = await openAsStored(ofModel[0] as Group, sample.settings)
      try {
        for (const group of ofModel) {
          const outcome = await evaluate(engine, group, itemsOf(db, group.itemsHash))
          for (const run of group.runs) {
            const again = outcome.runs.find(({ kind, layer }) => kind === run.kind && layer === run.layer)
            const where = `${group.sweep} ${model} ${group.task} ${group.part} ${run.kind}${run.layer === null ? '' : ` L = ${run.layer}`}`
            const compared = compare(db, run.id, again as RunResult, where)
            result.runs++
            result.predictions += compared.predictions
            result.identical += compared.identical
            result.largest = Math.max(result.largest, compared.largest)
            problems.push(...compared.problems)
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
  return { ...result, problems, unchecked }
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
    if (seen.has(id)) continue // a run that several sweeps point at
    seen.add(id)
    const layers = place.part === 'baseline' ? [] : String(together).split(',').map(Number)
    const name = [place.sweep, place.model, place.task, place.part, ...layers].join(' ')
    const group = groups.get(name) ?? { ...place, layers, runs: [] }
    groups.set(name, group)
    group.runs.push({ id, kind, layer })
  }
  return [...groups.values()]
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

export function byModel<Thing extends StoredModel>(things: readonly Thing[]): Map<string, Thing[]> {
  const models = new Map<string, Thing[]>()
  for (const thing of things) models.set(thing.model, [...(models.get(thing.model) ?? []), thing])
  return models
}

/** Where the sweep found it, else where this machine has it. Errors: MODEL, also where it is not what the sweep ran. */
export async function openAsStored(stored: StoredModel, settings: EngineSettings | undefined) {
  const engine = await startEngineProcess(locate(stored), settings)
  const { contentHash, numerics } = engine.info
  const refuse = async (reason: string) => {
    await engine.close()
    throw new TaskvecError('MODEL', reason)
  }
  if (contentHash !== stored.modelHash)
    await refuse(
      `its files are not those of the sweep (${contentHash.slice(0, 12)}, not ${stored.modelHash.slice(0, 12)})`,
    )
  if (canonicalJson(numerics) !== stored.numerics)
    await refuse(`the numeric set-up is another one (${canonicalJson(numerics)}, not ${stored.numerics})`)
  return engine
}

function locate({ model, source }: StoredModel): string {
  try {
    return locateModel({ id: model, path: source })
  } catch (error) {
    if (!(error instanceof TaskvecError)) throw error
    return locateModel({ id: model })
  }
}

function evaluate(
  engine: Engine,
  { part, scoring, layers }: Group,
  items: readonly Item[],
): Promise<Outcome> {
  if (part === 'baseline') return runBaseline(engine, items, scoring)
  return part === 'dev'
    ? runDev(engine, items, scoring, layers)
    : runTest(engine, items, scoring, layers[0] as number)
}

function itemsOf(db: Database.Database, hash: string): Item[] {
  const rows = db.prepare('select * from items where items_hash = ? order by item').all(hash)
  return (rows as StoredItem[]).map(itemOf)
}

function compare(db: Database.Database, runId: number, { predictions: again }: RunResult, where: string) {
  const stored = db.prepare('select * from predictions where run_id = ? order by item').all(runId) as {
    item: number
    token: number
    text: string
    correct: number
    answer_log_prob: number
    answer_rank: number
    answer_logit_difference: number | null
  }[]
  const problems: Problem[] = []
  let identical = 0
  let largest = 0
  const differ = (item: number, what: string, was: unknown, is: unknown) =>
    problems.push({
      where: `${where}, item ${item}`,
      message: `${what} is ${String(was)} in the file, ${String(is)} computed again`,
    })
  for (const row of stored) {
    const { item } = row
    const now = at(again, item)
    const logProb = Math.abs(row.answer_log_prob - now.logProb)
    const difference =
      row.answer_logit_difference === null ? 0 : Math.abs(row.answer_logit_difference - now.difference)
    largest = Math.max(largest, logProb)
    if (row.token !== now.token) differ(item, 'the token', row.token, now.token)
    else if (row.text !== now.text)
      differ(item, 'the text', JSON.stringify(row.text), JSON.stringify(now.text))
    else if ((row.correct === 1) !== now.correct) differ(item, 'right', row.correct === 1, now.correct)
    else if (!(logProb <= tolerance)) differ(item, 'the log-probability', row.answer_log_prob, now.logProb)
    else if (!(difference <= 10 * tolerance))
      differ(item, 'the logit difference', row.answer_logit_difference, now.difference)
    // Among unlikely tokens the last bits may change places; not where all numbers are the same.
    else if (row.answer_rank !== now.rank && (logProb === 0 || Math.min(row.answer_rank, now.rank) === 1))
      differ(item, 'the rank', row.answer_rank, now.rank)
    else if (logProb === 0 && difference === 0) identical++
  }
  return { predictions: stored.length, identical, largest, problems }
}

function at(predictions: Predictions, item: number) {
  return {
    token: predictions.tokens[item] as number,
    text: predictions.texts[item] as string,
    correct: predictions.correct[item] as boolean,
    logProb: predictions.answerLogProbs[item] as number,
    rank: predictions.answerRanks[item] as number,
    difference: predictions.answerLogitDifferences[item] as number,
  }
}
