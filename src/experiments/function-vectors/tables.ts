import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { unitRun } from '../../store/schema/units.js'
import { ofTask } from '../../store/schema/views.js'

/** Scores over a task's items. */
export const answered = {
  items: integer().notNull(),
  correct: integer().notNull(),
  /** Items whose greedy token is the answer's first. */
  firstTokens: integer('first_tokens').notNull(),
  answerLogProb: real('answer_log_prob').notNull(),
}

/** Accuracy with a vector patched in or added after block `layer`. */
export const functionVectorScores = sqliteTable(
  'function_vector_scores',
  {
    runId: unitRun(),
    taskId: text('task_id').notNull(),
    /** `zero-shot`: [x, ->]; `shuffled`: demonstrations with shuffled labels. */
    prompt: text({ enum: ['zero-shot', 'shuffled'] }).notNull(),
    kind: text({ enum: ['theta-replaced', 'theta-added', 'function-vector', 'random-vector'] }).notNull(),
    layer: integer().notNull(),
    ...answered,
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.taskId, table.prompt, table.kind, table.layer] }),
    check(
      'function_vector_correct',
      sql`${table.correct} between 0 and ${table.items} and ${table.firstTokens} between 0 and ${table.items}`,
    ),
  ],
)

const topHead = {
  rank: integer().notNull(),
  layer: integer().notNull(),
  head: integer().notNull(),
  /** Indirect effect, mean over tasks. */
  effect: real().notNull(),
}

/** The heads whose mean outputs sum to the function vectors, best first. */
export const functionVectorHeads = sqliteTable(
  'function_vector_heads',
  { runId: unitRun(), ...topHead },
  (table) => [primaryKey({ columns: [table.runId, table.rank] })],
)

const angles = {
  layer: integer().notNull(),
  /** Cosine of the function vector and the mean θ of the test items. */
  cosine: real().notNull(),
  normFunctionVector: real('norm_function_vector').notNull(),
  normTheta: real('norm_theta').notNull(),
  /** Share of θ's squared norm that lies in the span of the chosen heads' mean outputs. */
  inSpan: real('in_span').notNull(),
  /** The same for as many random directions: their expected share. */
  inRandomSpan: real('in_random_span').notNull(),
}

/** How θ and the function vector of a task relate, after each block. */
export const functionVectorGeometry = sqliteTable(
  'function_vector_geometry',
  { runId: unitRun(), taskId: text('task_id').notNull(), ...angles },
  (table) => [primaryKey({ columns: [table.runId, table.taskId, table.layer] })],
)

/** A row of a view of such scores. */
export const scored = {
  ...ofTask,
  kind: text().notNull(),
  layer: integer().notNull(),
  accuracy: real().notNull(),
  firstToken: real('first_token').notNull(),
  items: integer().notNull(),
  correct: integer().notNull(),
  answerLogProb: real('answer_log_prob').notNull(),
}

/** A row per task, kind and L, in zero-shot prompts [x, ->]; and in prompts whose demonstrations have shuffled labels. */
export const functionVectorsView = sqliteView('function_vectors', scored).existing()
export const shuffledFunctionVectorsView = sqliteView('function_vectors_shuffled', scored).existing()

export const functionVectorHeadsView = sqliteView('function_vector_top_heads', {
  ...ofTask,
  ...topHead,
}).existing()

export const functionVectorGeometryView = sqliteView('function_vector_angles', {
  ...ofTask,
  ...angles,
}).existing()

export type Angles = Pick<
  typeof functionVectorGeometryView.$inferSelect,
  'model' | 'task' | keyof typeof angles
>

/** Means over a model's tasks, by prompt: `zero-shot`, `shuffled`, `natural-text`; the interval is ± 1.96 standard errors, null for one task. */
export const functionVectorMeansView = sqliteView('function_vector_means', {
  ...ofTask,
  prompt: text().notNull(),
  kind: text().notNull(),
  layer: integer(),
  accuracy: real().notNull(),
  low: real(),
  high: real(),
  firstToken: real('first_token').notNull(),
  tasks: integer().notNull(),
}).existing()
