import { TaskvecError } from '../domain/errors.js'
import type { Item, ModelInfo, Pair, PreparedTask, Protocol, TaskSpec } from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import { resolveTask } from '../tasks/registry.js'
import { drawItems } from '../tasks/sampling.js'
import { singleTokenReading, writablePairs, type Encoder } from '../tasks/single-token.js'
import { beginningsOf, type Coder } from '../tasks/first-token.js'
import type { ListTask, Task } from '../tasks/task.js'

/** Fewer pairs produce a warning, since items repeat often and few words carry the result (docs/protocol.md, Single-token outputs). */
const fewPairs = 70

/**
 * A task made ready for one model: pairs filtered by its tokenizer (writable at all; one-token answers), items of all splits drawn by seed. Explicit items
 * are taken exactly as written. Errors: TASK where the task is unknown or too small.
 */
export async function prepareTask(
  engine: Pick<Engine, 'encode' | 'decode'> & { readonly info: Pick<ModelInfo, 'unknownToken'> },
  spec: TaskSpec,
  protocol: Protocol,
): Promise<PreparedTask> {
  const encoder: Encoder = {
    encode: (texts, options) => engine.encode(texts, options),
    unknownToken: engine.info.unknownToken,
  }
  const task = resolveTask(spec)
  const known = { task: task.id, category: task.category, scoring: task.scoring }
  switch (task.kind) {
    case 'items':
    case 'generated': {
      const items = task.kind === 'items' ? task.items : drawItems(task.id, task, protocol)
      const all = Object.values(items).flat()
      const warnings = [
        ...(await unknownWords(encoder, task.id, all)),
        ...(await partialAnswers(
          engine,
          task,
          all.map(({ answer }) => answer),
        )),
      ]
      return { ...known, reading: 'as-written', pairs: null, items, warnings }
    }
    case 'list': {
      const { reading, pairs, warnings: found } = await readList(encoder, task)
      const answers = pairs.map(({ output }) => output)
      const warnings = [...found, ...(await partialAnswers(engine, task, answers))]
      return {
        ...known,
        reading,
        pairs,
        items: explained(warnings, () => drawItems(task.id, pairs, protocol)),
        warnings,
      }
    }
  }
}

/** Where too few pairs are left, says why they are so few. */
function explained<T>(warnings: readonly string[], draw: () => T): T {
  try {
    return draw()
  } catch (error) {
    if (!(error instanceof TaskvecError) || warnings.length === 0) throw error
    throw new TaskvecError('TASK', [error.message, ...warnings].join('\n'), {
      hint: `${error.hint ?? ''} A list of your own with scoring: prefix is not filtered.`.trim(),
    })
  }
}

/** Items that no list of pairs stands behind are used as they are: all that can be done is to say so. */
async function unknownWords(encoder: Encoder, task: string, items: readonly Item[]): Promise<string[]> {
  if (encoder.unknownToken === undefined) return []
  const pairs = items.flatMap(({ demonstrations, query, answer, dummyQueries }, item) =>
    [
      ...demonstrations,
      { input: query, output: answer },
      ...dummyQueries.map((input) => ({ input, output: '' })),
    ].map((pair) => ({ ...pair, accept: [], item })),
  )
  const writable = new Set<Pair>(await writablePairs(pairs, encoder))
  const touched = new Set(pairs.filter((pair) => !writable.has(pair)).map(({ item }) => item)).size
  if (touched === 0) return []
  return [
    `${task}: ${touched} of ${items.length} items have a word that this model's tokenizer can only write as its ` +
      'unknown token',
  ]
}

/** A token that is part of a character has no text to compare: said, as what counts is then another thing. */
async function partialAnswers(
  coder: Coder,
  { id, scoring }: Pick<Task, 'id' | 'scoring'>,
  answers: readonly string[],
): Promise<string[]> {
  if (scoring !== 'prefix') return []
  const { partial } = await beginningsOf(answers, coder)
  if (partial === 0) return []
  return [
    `${id}: ${partial} of ${answers.length} answers begin with a token that is part of a character in this model's ` +
      "tokenizer. Its text can't be compared, so such a prediction is right where it is the answer's first token " +
      '(rank 1); scoring: first-token judges all answers so',
  ]
}

async function readList(
  encoder: Encoder,
  task: ListTask,
): Promise<Pick<PreparedTask, 'reading' | 'warnings'> & { pairs: ListTask['pairs'] }> {
  const writable = await writablePairs(task.pairs, encoder)
  const unknown =
    writable.length < task.pairs.length
      ? [
          `${task.id}: ${task.pairs.length - writable.length} of ${task.pairs.length} pairs have a word that this ` +
            `model's tokenizer can only write as its unknown token; ${writable.length} are left`,
        ]
      : []
  if (!task.singleToken)
    return { reading: 'as-written', pairs: writable, warnings: writable.length < fewPairs ? unknown : [] }

  const { reading, pairs, kept } = await singleTokenReading(task.pairs, encoder)
  const warning =
    `${task.id}: only ${pairs.length} of ${task.pairs.length} pairs have a one-token answer in this model's ` +
    `tokenizer (with a leading space ${kept.leadingSpace}, without ${kept.noSpace}); at least ${fewPairs} are advised`
  return { reading, pairs, warnings: pairs.length < fewPairs ? [...unknown, warning] : [] }
}
