import type Database from 'better-sqlite3'
import type { Category, Scoring } from '../domain/types.js'

/**
 * What the report reads of a sweep, from the views of docs/schema.md. Aggregated by SQLite: no predictions come into
 * memory, however many there are. Rows stand in the config's order.
 */

/** The sweep as it was run. */
export interface SweepRecord {
  readonly codeVersion: string
  /** JSON, see `newSweep` in src/sweep. */
  readonly machine: string
  readonly seed: number
}

export function sweepRecord(db: Database.Database, sweep: string): SweepRecord {
  return db
    .prepare('select code_version as codeVersion, machine, seed from sweeps where id = ?')
    .get(sweep) as SweepRecord
}

export interface ModelRecord {
  readonly model: string
  readonly source: string
  /** The following are null where no task of the model was ever made ready. */
  readonly contentHash: string | null
  readonly architecture: string | null
  readonly blocks: number | null
  readonly dModel: number | null
  readonly vocab: number | null
  readonly parameters: number | null
  readonly weights: string | null
  /** JSON. */
  readonly numerics: string | null
  readonly engineSeconds: number
}

export function modelRecords(db: Database.Database, sweep: string): ModelRecord[] {
  return db
    .prepare(
      `select m.model_id as model, m.source, c.content_hash as contentHash, c.architecture, c.blocks, c.d_model as dModel, c.vocab,
              c.parameters, c.weights, p.numerics,
              (select coalesce(sum(t.engine_seconds), 0) from timings t where t.sweep_id = m.sweep_id and t.model_id = m.model_id) as engineSeconds
       from sweep_models m
       left join (select model_id, min(model_hash) as hash, min(numerics) as numerics from prepared_tasks where sweep_id = @sweep group by model_id) p
         on p.model_id = m.model_id
       left join models c on c.content_hash = p.hash
       where m.sweep_id = @sweep order by m.position`,
    )
    .all({ sweep }) as ModelRecord[]
}

export interface TaskRecord {
  readonly task: string
  readonly category: Category
  readonly scoring: Scoring
  /** The first test item of the first model. */
  readonly query: string
  readonly answer: string
  /** Pairs that survived the tokenizers, the fewest and the most over models; null where inputs are generated. */
  readonly fewestPairs: number | null
  readonly mostPairs: number | null
}

export function taskRecords(db: Database.Database, sweep: string): TaskRecord[] {
  const rows = db
    .prepare(
      `with prepared as (
         select p.task_id, p.category, p.scoring, p.test_items, m.position,
                (select count(*) from task_pairs x where x.pairs_hash = p.pairs_hash) as pairs, p.pairs_hash
         from prepared_tasks p join sweep_models m on m.sweep_id = p.sweep_id and m.model_id = p.model_id where p.sweep_id = ?)
       select p.task_id as task, p.category, p.scoring, i.query, i.answer, min(p.position) as first,
              min(iif(p.pairs_hash is null, null, p.pairs)) as fewestPairs, max(iif(p.pairs_hash is null, null, p.pairs)) as mostPairs
       from prepared p
       join sweep_tasks t on t.sweep_id = ? and t.task_id = p.task_id
       left join items i on i.items_hash = p.test_items and i.item = 0
       group by p.task_id order by t.position`,
    )
    .all(sweep, sweep) as (TaskRecord & { first: number })[]
  return rows.map(({ first: _first, ...row }) => row)
}

const order = `join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
  join sweep_tasks t on t.sweep_id = v.sweep and t.task_id = v.task`

/** One cell of the by-layer curves, on the dev items. */
export interface LayerCell {
  readonly model: string
  readonly task: string
  readonly category: Category
  readonly layer: number
  readonly accuracy: number
  readonly correct: number
  readonly items: number
}

export function layerCells(db: Database.Database, sweep: string): LayerCell[] {
  return db
    .prepare(
      `select v.model, v.task, p.category, v.layer, v.accuracy, v.correct, v.items from layers v ${order}
       join prepared_tasks p on p.sweep_id = v.sweep and p.model_id = v.model and p.task_id = v.task
       where v.sweep = ? order by m.position, t.position, v.layer`,
    )
    .all(sweep) as LayerCell[]
}

/** Figure 9: means, deviations and histograms (JSON: densities and their edges) of cosine distances. */
export interface DistanceRow {
  readonly model: string
  readonly task: string
  readonly layer: number
  readonly thetas: number
  readonly withinMean: number
  readonly withinSd: number
  readonly betweenMean: number
  readonly betweenSd: number
  readonly purity: number
  readonly silhouette: number
  readonly within: string
  readonly between: string
  readonly edges: string
}

export function distanceRows(db: Database.Database, sweep: string): DistanceRow[] {
  return db
    .prepare(
      `select v.model, v.task, v.layer, v.thetas, v.within_mean as withinMean, v.within_sd as withinSd, v.between_mean as betweenMean,
              v.between_sd as betweenSd, v.purity, v.silhouette, v.within_histogram as 'within', v.between_histogram as 'between',
              v.histogram_edges as edges
       from robustness v ${order} where v.sweep = ? order by m.position, t.position`,
    )
    .all(sweep) as DistanceRow[]
}

export interface ThetaPoint {
  readonly model: string
  readonly task: string
  readonly category: Category
  readonly item: number
  readonly x: number
  readonly y: number
}

export function thetaPoints(db: Database.Database, sweep: string): ThetaPoint[] {
  return db
    .prepare(
      `select v.model, v.task, v.category, v.item, v.x, v.y from theta_map v ${order} where v.sweep = ? order by m.position, t.position, v.item`,
    )
    .all(sweep) as ThetaPoint[]
}

/** Where the answers of the test items stand in the projection. */
export interface ProjectedAnswers {
  readonly model: string
  readonly task: string
  readonly layer: number
  readonly items: number
  readonly meanRank: number
  readonly meanLogProb: number
  /** Items whose answer is that high. */
  readonly top1: number
  readonly top20: number
  readonly top100: number
}

export function projectedAnswers(db: Database.Database, sweep: string): ProjectedAnswers[] {
  return db
    .prepare(
      `select v.model, v.task, v.layer, v.items, v.mean_rank as meanRank, v.mean_log_prob as meanLogProb, v.top1, v.top20, v.top100
       from projection_answers v ${order} where v.sweep = ? order by m.position, t.position, v.layer`,
    )
    .all(sweep) as ProjectedAnswers[]
}

/** A score of the experiments beyond the paper, but for the layer transfer. */
export interface BeyondScore {
  readonly model: string
  readonly task: string
  readonly category: Category
  readonly analysis: string
  readonly setting: string
  readonly layer: number
  readonly items: number
  readonly correct: number
  readonly answerLogProb: number | null
  readonly answerRank: number | null
  readonly answerLogitDifference: number | null
}

export function beyondScores(db: Database.Database, sweep: string): BeyondScore[] {
  return db
    .prepare(
      `select v.model, v.task, p.category, v.analysis, v.setting, v.layer, v.items, v.correct, v.answer_log_prob as answerLogProb,
              v.answer_rank as answerRank, v.answer_logit_difference as answerLogitDifference
       from beyond v ${order}
       join prepared_tasks p on p.sweep_id = v.sweep and p.model_id = v.model and p.task_id = v.task
       where v.sweep = ? and v.analysis in ('demonstration_sets', 'multi_context', 'template_transfer', 'addition', 'decodability') and v.items > 0
       order by m.position, v.analysis, length(v.setting), v.setting, t.position, v.layer`,
    )
    .all(sweep) as BeyondScore[]
}

/** θ taken after block `sourceLayer`, patched in after block `layer`: mean accuracy over tasks. */
export interface TransferCell {
  readonly model: string
  readonly sourceLayer: number
  readonly layer: number
  readonly accuracy: number
  readonly tasks: number
}

export function transferCells(db: Database.Database, sweep: string): TransferCell[] {
  return db
    .prepare(
      `select v.model, v.source_layer as sourceLayer, v.layer, avg(v.accuracy) as accuracy, count(*) as tasks
       from beyond v join sweep_models m on m.sweep_id = v.sweep and m.model_id = v.model
       where v.sweep = ? and v.analysis = 'layer_transfer' and v.items > 0
       group by v.model, v.source_layer, v.layer order by m.position, v.source_layer, v.layer`,
    )
    .all(sweep) as TransferCell[]
}

/** How many units of each further experiment are in which state; docs/schema.md, `experiments`. */
export function experimentStates(
  db: Database.Database,
  sweep: string,
): { experiment: string; complete: number; waiting: number; skipped: number }[] {
  return db
    .prepare(
      `select experiment, count(*) filter (where state = 'complete') as complete, count(*) filter (where state = 'waiting') as waiting,
              count(*) filter (where state = 'skipped') as skipped
       from experiments where sweep = ? group by experiment order by experiment`,
    )
    .all(sweep) as ReturnType<typeof experimentStates>
}
