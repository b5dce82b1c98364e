import type Database from 'better-sqlite3'

/** The answers to a test item by θ at the best L and by the regular run. */
export interface ItemAnswer {
  readonly model: string
  readonly task: string
  readonly item: number
  readonly query: string
  readonly answer: string
  readonly prediction: string
  readonly correct: boolean
  /** Rank of the answer's first token; 1 is the greedy choice. */
  readonly rank: number
  readonly regular: string
  readonly regularCorrect: boolean
}

/** All test items of a sweep, in the config's order. */
export function itemAnswers(db: Database.Database, sweep: string): ItemAnswer[] {
  const runs = (kind: string) =>
    `select v.model, v.task, r.id, r.items_hash from all_runs v join runs r on r.key = v.run_key
     where v.sweep = @sweep and r.split = 'test' and r.kind = '${kind}'`
  const rows = db
    .prepare(
      `with theta as (${runs('hypothesis')}), regular as (${runs('regular')})
       select h.model, h.task, p.item, i.query, i.answer, p.text as prediction, p.correct, p.answer_rank as rank,
              q.text as regular, q.correct as regularCorrect
       from theta h
       join regular r on r.model = h.model and r.task = h.task
       join sweep_models m on m.sweep_id = @sweep and m.model_id = h.model
       join sweep_tasks t on t.sweep_id = @sweep and t.task_id = h.task
       join predictions p on p.run_id = h.id
       join predictions q on q.run_id = r.id and q.item = p.item
       join items i on i.items_hash = h.items_hash and i.item = p.item
       order by m.position, t.position, p.item`,
    )
    .all({ sweep }) as (Omit<ItemAnswer, 'correct' | 'regularCorrect'> & {
    correct: number
    regularCorrect: number
  })[]
  return rows.map((row) => ({ ...row, correct: row.correct === 1, regularCorrect: row.regularCorrect === 1 }))
}
