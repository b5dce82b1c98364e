import type Database from 'better-sqlite3'
import { describeError, TaskvecError } from '../domain/errors.js'
import type { GivenTheta, Item, Predictions, RunKind, RunResult, Scoring } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import type { EngineSettings } from '../engine/local-engine.js'
import { runBaseline, runDev, runTest, type Outcome } from '../experiments/main/main-experiment.js'
import { givenTheta, type GivenVectors } from '../experiments/given-theta.js'
import type { RunningEngine } from '../experiments/prompts.js'
import { itemsOf } from '../store/stored-vectors.js'
import type { Problem } from './check.js'
import { byModel, draw, openAsStored, type OtherKind, type StoredModel } from './stored-model.js'

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
  /** Predictions whose token is another one because two logits are as good as equal; on another kind of processor only. */
  readonly nearTies: readonly Problem[]
  /** Where results come from another kind of processor, or do not say from which: what they were held to. */
  readonly otherKinds: readonly OtherKind[]
  /** Models whose runs could not be computed here, and why. */
  readonly unchecked: readonly { readonly model: string; readonly runs: number; readonly reason: string }[]
}

/** Of results of this kind of processor, which are the same to the bit: what was altered by less is nothing that counts. */
const tolerance = 1e-4

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

  const nearTies: Problem[] = []
  const otherKinds: OtherKind[] = []
  for (const { model, things: ofModel } of byModel(chosen)) {
    const runs = ofModel.reduce((sum, group) => sum + group.runs.length, 0)
    sample.say?.(`${model}: computing ${runs} runs again`)
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

/** What the config gives in place of θ; undefined: nothing. */
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

interface StoredPrediction {
  readonly item: number
  readonly token: number
  readonly text: string
  readonly correct: number
  readonly answer_log_prob: number
  readonly answer_rank: number
  readonly answer_logit_difference: number | null
  /** JSON, where answers of several tokens were generated. */
  readonly tokens: string | null
}

/** On another kind of processor: what differences are held to, and how far a stored token's logit is below the highest here. */
interface Elsewhere {
  readonly bound: number
  readonly gaps: () => Promise<readonly number[]>
}

async function compare(
  stored: readonly StoredPrediction[],
  again: Predictions,
  where: string,
  elsewhere: Elsewhere | null,
) {
  const problems: Problem[] = []
  const nearTies: Problem[] = []
  let identical = 0
  let largest = 0
  const bound = elsewhere?.bound ?? tolerance
  const sameTokens = stored.every(({ item, token }) => token === again.tokens[item])
  const gaps = elsewhere && !sameTokens ? await elsewhere.gaps() : null
  for (const row of stored) {
    const { item } = row
    const now = at(again, item)
    const note = (list: Problem[], what: string, was: unknown, is: unknown, why = '') =>
      list.push({
        where: `${where}, item ${item}`,
        message: `${what} is ${String(was)} in the file, ${String(is)} computed again${why}`,
      })
    const logProb = Math.abs(row.answer_log_prob - now.logProb)
    const difference =
      row.answer_logit_difference === null ? 0 : Math.abs(row.answer_logit_difference - now.difference)
    largest = Math.max(largest, logProb)
    const gap = row.token === now.token ? 0 : (gaps?.[item] ?? Infinity)
    if (gap > 2 * bound) note(problems, 'the token', row.token, now.token)
    else if (!(logProb <= bound)) note(problems, 'the log-probability', row.answer_log_prob, now.logProb)
    else if (!(difference <= (elsewhere ? 2 : 10) * bound))
      note(problems, 'the logit difference', row.answer_logit_difference, now.difference)
    else if (row.token !== now.token)
      note(nearTies, 'the token', row.token, now.token, `; their logits differ by ${gap.toExponential(1)}`)
    else if ((row.tokens ?? null) !== now.tokens)
      note(elsewhere ? nearTies : problems, 'the answer', row.tokens, now.tokens)
    else if (row.text !== now.text)
      note(problems, 'the text', JSON.stringify(row.text), JSON.stringify(now.text))
    else if ((row.correct === 1) !== now.correct) note(problems, 'right', row.correct === 1, now.correct)
    // Among unlikely tokens the last bits may change places; not where all numbers are the same.
    else if (row.answer_rank !== now.rank && (logProb === 0 || Math.min(row.answer_rank, now.rank) === 1))
      note(problems, 'the rank', row.answer_rank, now.rank)
    else if (logProb === 0 && difference === 0) identical++
  }
  return { predictions: stored.length, identical, largest, problems, nearTies }
}

function predictionsOf(db: Database.Database, runId: number): StoredPrediction[] {
  const rows = db.prepare('select * from predictions where run_id = ? order by item').all(runId)
  return rows as StoredPrediction[]
}

/** The same pass once more with each stored token in the answer's place: its logit is then set against the highest other. */
async function gapsTo(
  stored: readonly StoredPrediction[],
  engine: Engine,
  again: (engine: RunningEngine) => Promise<Predictions>,
): Promise<readonly number[]> {
  const asking: RunningEngine = {
    encode: (texts, options) => engine.encode(texts, options),
    decode: (tokens) => engine.decode(tokens),
    decodeAll: (sequences) => engine.decodeAll(sequences),
    evaluate({ items, ...request }, options) {
      const asked = items.map(({ answerTokens: _, ...item }, i) => ({
        ...item,
        answerToken: stored[i]?.token ?? item.answerToken,
      }))
      return engine.evaluate({ ...request, items: asked }, options)
    },
  }
  return (await again(asking)).answerLogitDifferences.map((difference) => -difference)
}

function at(predictions: Predictions, item: number) {
  return {
    token: predictions.tokens[item] as number,
    text: predictions.texts[item] as string,
    tokens: predictions.whole ? JSON.stringify(predictions.whole.tokens[item]) : null,
    correct: predictions.correct[item] as boolean,
    logProb: predictions.answerLogProbs[item] as number,
    rank: predictions.answerRanks[item] as number,
    difference: predictions.answerLogitDifferences[item] as number,
  }
}
