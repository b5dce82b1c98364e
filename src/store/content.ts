import { canonicalJson, runKey, sha256 } from '../domain/identity.js'
import { TaskvecError } from '../domain/errors.js'
import { readNumerics, type NumericsJson } from '../domain/numerics.js'
import type {
  Item,
  ListSplit,
  Pair,
  PromptFormat,
  RunKind,
  RunResult,
  Scoring,
  Split,
} from '../domain/types.js'
import { promptRevision } from '../prompt/revision.js'
import { predictions, runs } from './schema/runs.js'
import { items as itemsTable, taskPairs } from './schema/sweeps.js'
import type { Statements } from './statements.js'

/** Rows stored once per content and shared by sweeps: items, pairs and runs. */

/** The columns of prepared_tasks on which a run's key depends. */
export interface PreparedRow {
  readonly model_hash: string
  readonly numerics: NumericsJson
  readonly scoring: Scoring
  readonly baseline_items: string
  readonly dev_items: string
  readonly test_items: string
  readonly best_layer: number | null
  /** The θ that the config gives, if any: `thetaKey`. */
  readonly theta?: string | null
}

export function saveItems(db: Statements, items: readonly Item[]): string {
  const hash = sha256(canonicalJson(items))
  items.forEach((item, i) => insertItem(db, hash, i, item))
  return hash
}

export function insertItem(db: Statements, itemsHash: string, i: number, item: Item): void {
  db.insert(itemsTable, {
    itemsHash,
    item: i,
    demonstrations: canonicalJson(item.demonstrations),
    query: item.query,
    answer: item.answer,
    accept: canonicalJson(item.accept),
    dummyQueries: canonicalJson(item.dummyQueries),
    prompt: item.prompt ? canonicalJson(item.prompt) : null,
  })
}

/** A row of the table `items`. */
export interface StoredItem {
  readonly demonstrations: string
  readonly query: string
  readonly answer: string
  readonly accept: string
  readonly dummy_queries: string
  /** Absent in a database of an older taskvec. */
  readonly prompt?: string | null
}

export function itemOf({ demonstrations, query, answer, accept, dummy_queries, prompt }: StoredItem): Item {
  return {
    demonstrations: JSON.parse(demonstrations) as Item['demonstrations'],
    query,
    answer,
    accept: JSON.parse(accept) as string[],
    dummyQueries: JSON.parse(dummy_queries) as string[],
    ...(prompt ? { prompt: JSON.parse(prompt) as PromptFormat } : {}),
  }
}

export function savePairs(db: Statements, pairs: readonly Pair[]): string {
  const hash = sha256(canonicalJson(pairs))
  if (db.pluck('select 1 from task_pairs where pairs_hash = ?', [hash])) return hash
  pairs.forEach(({ accept, split, ...pair }, position) =>
    db.insert(taskPairs, {
      ...{ pairsHash: hash, position, ...pair, accept: canonicalJson(accept) },
      split: split ?? null,
    }),
  )
  return hash
}

/** A row of the table `task_pairs`. */
export interface StoredPair {
  readonly input: string
  readonly output: string
  readonly accept: string
  /** Absent in a database of an older taskvec. */
  readonly split?: ListSplit | null
}

export function pairOf({ input, output, accept, split }: StoredPair): Pair {
  return { input, output, accept: JSON.parse(accept) as string[], ...(split ? { split } : {}) }
}

/** Stores a run unless its key exists; returns its id. */
export function saveRun(
  db: Statements,
  row: PreparedRow,
  run: RunResult,
  layersTogether: readonly number[],
): number {
  const key = keyOf(row, run, layersTogether)
  const known = db.pluck('select id from runs where key = ?', [key])
  if (typeof known === 'number') return known

  const itemsHash = itemHashes(row)[run.split]
  const { tokens, texts, correct, answerLogProbs, answerRanks, answerLogitDifferences } = run.predictions
  const expected = db.pluck('select count(*) from items where items_hash = ?', [itemsHash])
  if (
    [tokens, texts, correct, answerLogProbs, answerRanks, answerLogitDifferences].some(
      (column) => column.length !== expected,
    )
  ) {
    throw new TaskvecError(
      'STORE',
      `${db.file}: a ${run.kind} run has ${tokens.length} predictions for ${String(expected)} items`,
    )
  }
  const { kind, split, layer } = run
  db.insert(runs, {
    ...{ key, kind, split, layer, itemsHash },
    modelHash: row.model_hash,
    numerics: row.numerics,
    items: tokens.length,
    correct: correct.filter(Boolean).length,
  })
  const runId = db.pluck('select id from runs where key = ?', [key]) as number
  tokens.forEach((_, item) => insertPrediction(db, runId, item, run.predictions, item))
  return runId
}

/** Entry `i` of the columns, as the prediction of `item`. */
export function insertPrediction(
  db: Statements,
  runId: number,
  item: number,
  {
    tokens,
    texts,
    correct,
    answerLogProbs,
    answerRanks,
    answerLogitDifferences,
    scores,
    whole,
  }: RunResult['predictions'],
  i: number,
): void {
  db.insert(predictions, {
    ...{ runId, item, token: tokens[i] as number },
    text: texts[i] as string,
    correct: Number(correct[i]),
    answerLogProb: answerLogProbs[i] as number,
    answerRank: answerRanks[i] as number,
    answerLogitDifference: answerLogitDifferences[i],
    ...(scores ? { score: scores[i] } : {}),
    ...(whole
      ? {
          tokens: JSON.stringify(whole.tokens[i]),
          wholeLogProb: whole.logProbs[i],
          wholeRank: whole.ranks[i],
        }
      : {}),
  })
}

/** The key of a run of this task; see src/domain/identity.ts. */
export function keyOf(
  row: PreparedRow,
  run: { kind: RunKind; split: Split; layer: number | null },
  layersTogether: readonly number[],
): string {
  return runKey({
    modelHash: row.model_hash,
    numerics: readNumerics(row.numerics),
    scoring: row.scoring,
    itemsHash: itemHashes(row)[run.split],
    kind: run.kind,
    split: run.split,
    layer: run.layer,
    layersTogether,
    ...(row.theta && run.split !== 'baseline'
      ? { theta: run.kind === 'hypothesis' ? row.theta : 'given' }
      : {}),
    ...promptRevision,
  })
}

/** The items' hash of each split. */
export function itemHashes(row: PreparedRow): Record<Split, string> {
  return { baseline: row.baseline_items, dev: row.dev_items, test: row.test_items }
}
