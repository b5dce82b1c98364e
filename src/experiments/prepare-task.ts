import type {
  Item,
  ModelInfo,
  Pair,
  PreparedTask,
  PromptFormat,
  Protocol,
  Split,
  TaskSpec,
} from '../domain/types.js'
import type { Engine } from '../engine/engine.js'
import { aroundQuery, specialOf } from '../prompt/format.js'
import { formatOf, promptName } from '../prompt/templates.js'
import { withChatPrompts } from './chat-prompts.js'
import { taskOf } from '../tasks/registry.js'
import { explained, markPairs, partialWarning, readList } from '../tasks/read-list.js'
import { scoringFor } from '../tasks/scoring.js'
import { drawItems } from '../tasks/sampling.js'
import { writablePairs, type Encoder } from '../tasks/single-token.js'
import { boundaryWarning, mergingAnswers } from '../tasks/boundary.js'
import { beginningsOf, type Coder } from '../tasks/first-token.js'
import type { Task } from '../tasks/task.js'

/**
 * A task prepared for one model: pairs filtered by its tokenizer (writable at all; one-token answers), items of all splits drawn by seed. Explicit items
 * are taken exactly as written. Errors: TASK if the task is unknown or too small.
 */
export async function prepareTask(
  engine: Pick<Engine, 'encode' | 'decode'> &
    Partial<Pick<Engine, 'chatFormat'>> & {
      readonly info: Pick<ModelInfo, 'unknownToken' | 'warnings'>
    },
  spec: TaskSpec,
  given: Protocol,
): Promise<PreparedTask> {
  const encoder: Encoder = {
    encode: (texts, options) => engine.encode(texts, options),
    unknownToken: engine.info.unknownToken,
  }
  const protocol = await withChatPrompts(engine, given)
  const task = taskOf(spec, protocol)
  const prompt = formatOf(protocol.prompt)
  const ofModel = [...(engine.info.warnings ?? []), ...(await unknownPrompt(encoder, protocol))]
  const known = {
    ...{ task: task.id, category: task.category },
    scoring: scoringFor(task.scoring, protocol.answer),
  }
  switch (task.kind) {
    case 'items':
    case 'generated': {
      const items = task.kind === 'items' ? inFormat(task.items, prompt) : drawItems(task.id, task, protocol)
      const all = Object.values(items).flat()
      const warnings = [
        ...ofModel,
        ...(await unknownWords(encoder, task.id, all)),
        ...(await partialAnswers(
          engine,
          task,
          all.map(({ answer }) => answer),
          protocol,
        )),
        ...(await atTheBoundary(engine, task.id, all, prompt)),
      ]
      return { ...known, reading: 'as-written', pairs: null, items, warnings }
    }
    case 'list': {
      const {
        reading,
        pairs,
        drawnAs,
        warnings: found,
      } = readList(task, await markPairs(task.pairs, task.singleToken, encoder, protocol))
      const answers = pairs.map(({ output }) => output)
      const warnings = [...ofModel, ...found, ...(await partialAnswers(engine, task, answers, protocol))]
      const items = explained(warnings, () => drawItems(task.id, pairs, protocol, drawnAs))
      const merging = await atTheBoundary(engine, task.id, Object.values(items).flat(), prompt)
      return { ...known, reading, pairs, items, warnings: [...warnings, ...merging] }
    }
  }
}

/** Items without a list of pairs are used as they are, with a warning. */
async function unknownWords(encoder: Encoder, task: string, items: readonly Item[]): Promise<string[]> {
  if (encoder.unknownToken === undefined) return []
  const pairs = items.flatMap(({ demonstrations, query, answer, dummyQueries }, item) =>
    [
      ...demonstrations,
      { input: query, output: answer },
      ...dummyQueries.map((input) => ({ input, output: '' })),
    ].map((pair) => ({ ...pair, accept: [], item })),
  )
  const writable = new Set<Pair>(await writablePairs(pairs, encoder, items[0]?.prompt))
  const touched = new Set(pairs.filter((pair) => !writable.has(pair)).map(({ item }) => item)).size
  if (touched === 0) return []
  return [
    `${task}: ${touched} of ${items.length} items have a word that this model's tokenizer can only write as its ` +
      'unknown token',
  ]
}

/** A token that is part of a character has no text to compare, so scoring differs: a warning says so. */
async function partialAnswers(
  coder: Coder,
  { id, scoring }: Pick<Task, 'id' | 'scoring'>,
  answers: readonly string[],
  { answer, prompt }: Protocol,
): Promise<string[]> {
  if (scoring !== 'prefix' || answer) return []
  const { partial } = await beginningsOf(answers, coder, formatOf(prompt))
  if (partial === 0) return []
  return [partialWarning(id, partial, answers.length)]
}

/** Items that were given one by one, written in the sweep's prompt. */
function inFormat(
  items: Readonly<Record<Split, readonly Item[]>>,
  prompt: PromptFormat | undefined,
): Readonly<Record<Split, readonly Item[]>> {
  if (!prompt) return items
  const written = (of: readonly Item[]) => of.map((item) => ({ ...item, prompt }))
  return { baseline: written(items.baseline), dev: written(items.dev), test: written(items.test) }
}

/** Under the user's own prompt, which may be written for another tokenizer. */
async function unknownPrompt({ encode, unknownToken }: Encoder, { prompt }: Protocol): Promise<string[]> {
  const format = formatOf(prompt)
  if (unknownToken === undefined || !format) return []
  const { before, after } = aroundQuery(format)
  const tokens = (await encode([before, after], specialOf(format))).flat()
  if (!tokens.includes(unknownToken)) return []
  return [
    `prompt ${promptName(prompt)}: this model's tokenizer can only write some of its own words as its unknown token`,
  ]
}

/** Under the user's own prompt: how tokens fall where the answer follows. Known for the paper's prompt. */
async function atTheBoundary(
  engine: Pick<Engine, 'encode'>,
  task: string,
  items: readonly Item[],
  prompt: PromptFormat | undefined,
): Promise<string[]> {
  if (!prompt) return []
  const merging = await mergingAnswers(engine, items)
  return merging === 0 ? [] : [boundaryWarning(task, merging, items.length)]
}
