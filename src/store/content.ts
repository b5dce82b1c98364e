import { canonicalJson, runKey, sha256 } from '../domain/identity.js'
import { TaskvecError } from '../domain/errors.js'
import type { Item, Numerics, Pair, RunKind, RunResult, Scoring, Split } from '../domain/types.js'
import type { Statements } from './statements.js'

/** Rows that are stored once per content, whoever asks for them: items, pairs and runs. */

/** A row of prepared_tasks, as far as a run's key depends on it. */
export interface PreparedRow {
  readonly model_hash: string
  readonly numerics: string
  readonly scoring: Scoring
  readonly baseline_items: string
  readonly dev_items: string
  readonly test_items: string
  readonly best_layer: number | null
}

export function saveItems(db: Statements, items: readonly Item[]): string {
  const hash = sha256(canonicalJson(items))
  items.forEach((item, i) => insertItem(db, hash, i, item))
  return hash
}

export function insertItem(db: Statements, itemsHash: string, i: number, item: Item): void {
  db.run(
    'insert into items (items_hash, item, demonstrations, query, answer, accept, dummy_queries) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing',
    [
      itemsHash,
      i,
      canonicalJson(item.demonstrations),
      item.query,
      item.answer,
      canonicalJson(item.accept),
      canonicalJson(item.dummyQueries),
    ],
  )
}

/** A row of the table `items`. */
export interface StoredItem {
  readonly demonstrations: string
  readonly query: string
  readonly answer: string
  readonly accept: string
  readonly dummy_queries: string
}

export function itemOf({ demonstrations, query, answer, accept, dummy_queries }: StoredItem): Item {
  return {
    demonstrations: JSON.parse(demonstrations) as Item['demonstrations'],
    query,
    answer,
    accept: JSON.parse(accept) as string[],
    dummyQueries: JSON.parse(dummy_queries) as string[],
  }
}

export function savePairs(db: Statements, pairs: readonly Pair[]): string {
  const hash = sha256(canonicalJson(pairs))
  if (db.pluck('select 1 from task_pairs where pairs_hash = ?', [hash])) return hash
  pairs.forEach((pair, i) =>
    db.run('insert into task_pairs (pairs_hash, position, input, output, accept) values (?, ?, ?, ?, ?)', [
      hash,
      i,
      pair.input,
      pair.output,
      canonicalJson(pair.accept),
    ]),
  )
  return hash
}

/** The run's id; its rows are written the first time only. */
export function saveRun(
  db: Statements,
  row: PreparedRow,
  run: RunResult,
  layersTogether: readonly number[],
): number {
  const key = keyOf(row, run, layersTogether)
  const known = db.pluck('select id from runs where key = ?', [key])
  if (typeof known === 'number') return known

  const itemsHash = itemsOf(row, run.split)
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
  db.run(
    `insert into runs (key, model_hash, kind, split, layer, items_hash, numerics, items, correct) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      key,
      row.model_hash,
      run.kind,
      run.split,
      run.layer,
      itemsHash,
      row.numerics,
      tokens.length,
      correct.filter(Boolean).length,
    ],
  )
  const runId = db.pluck('select id from runs where key = ?', [key]) as number
  tokens.forEach((_, item) => insertPrediction(db, runId, item, run.predictions, item))
  return runId
}

/** Entry `i` of the columns, as the prediction of `item`. */
export function insertPrediction(
  db: Statements,
  runId: number,
  item: number,
  { tokens, texts, correct, answerLogProbs, answerRanks, answerLogitDifferences }: RunResult['predictions'],
  i: number,
): void {
  db.run(
    'insert into predictions (run_id, item, token, text, correct, answer_log_prob, answer_rank, answer_logit_difference) values (?, ?, ?, ?, ?, ?, ?, ?)',
    [
      runId,
      item,
      tokens[i],
      texts[i],
      Number(correct[i]),
      answerLogProbs[i],
      answerRanks[i],
      answerLogitDifferences[i],
    ],
  )
}

/** The key of a run of this task; see src/domain/identity.ts. */
export function keyOf(
  row: PreparedRow,
  run: { kind: RunKind; split: Split; layer: number | null },
  layersTogether: readonly number[],
): string {
  return runKey({
    modelHash: row.model_hash,
    numerics: JSON.parse(row.numerics) as Numerics,
    scoring: row.scoring,
    itemsHash: itemsOf(row, run.split),
    kind: run.kind,
    split: run.split,
    layer: run.layer,
    layersTogether,
  })
}

export function itemsOf(row: PreparedRow, split: Split): string {
  return { baseline: row.baseline_items, dev: row.dev_items, test: row.test_items }[split]
}
