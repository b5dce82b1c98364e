import { Command, Option } from 'commander'
import { TaskvecError } from '../domain/errors.js'
import type { Device, NumericsMode } from '../domain/numerics.js'
import { loadEngine } from '../engine/local-engine.js'
import { locateModel, modelRef } from '../models/locate.js'
import { answer } from '../predict/predict.js'
import { predictRequest, type PredictRequest } from '../predict/request.js'
import { findVectors } from '../vectors/library.js'
import { vectorModes, type VectorMode } from '../vectors/vector.js'
import { expanded } from '../system/home.js'
import { inWords, type Issue } from '../system/zod-issue.js'
import type { Columns } from '../tasks/columns.js'
import { parquetAhead } from '../tasks/parquet-list.js'
import { readWordListFile } from '../tasks/word-list-file.js'
import type { Pair } from '../domain/types.js'
import { number, oneOf, repeated, tokenIds, yamlValue } from './option-values.js'
import { columnsOption, deviceOption, numericsOption, wholeNumber } from './options.js'
import { printPrediction } from './print-prediction.js'

interface PredictOptions {
  model: string
  prompt?: string
  tokenIds?: number[]
  top: number
  logits?: boolean
  task?: string
  query?: string
  layer?: number[]
  vector?: string[]
  scale?: number[]
  mode?: VectorMode[]
  positions?: ('last' | 'all')[]
  maxTokens: number
  stop?: string[]
  demonstrations?: unknown
  dummyQueries?: unknown
  list?: string
  columns?: Columns
  template?: unknown
  seed: number
  numerics: NumericsMode
  device: Device
  json?: boolean
}

/** Options that have an effect only with another one. */
const companions = [
  ...(['scale', 'mode', 'positions'] as const).map((name) => [name, 'vector'] as const),
  ['columns', 'list'] as const,
]

/** `taskvec predict`. */
export function predictCommand(): Command {
  return new Command('predict')
    .option(
      '--model <id-or-path>',
      'a model id (taskvec models list), a Hugging Face folder or a GGUF file',
      'smollm2-135m-q4',
    )
    .option('--prompt <text>', 'the prompt, exactly as given')
    .option('--token-ids <ids>', 'the prompt as token ids, comma-separated; no BOS is added', tokenIds)
    .option('--top <n>', 'number of most likely next tokens to print', wholeNumber(1), 10)
    .option('--logits', 'print all logits at the last token as JSON')
    .option('--task <id>', 'answer the query with the θ of this task (taskvec tasks list)')
    .option('--list <file>', 'your own list of pairs instead of a task (docs/datasets.md)', expanded)
    .addOption(columnsOption())
    .option('--query <x>', 'the query x; without --task and --list, the prompt is [x, ->] or [S, x, ->]')
    .option(
      '--template <name-or-yaml>',
      'prompt template of a query: arrow (default), qa, plain, function-vectors, chat, or ' +
        '{demonstration, query, separator, prefix, suffix} (docs/settings.md)',
      yamlValue,
    )
    .option(
      '--vector <file-or-name>',
      'patch in a vector from a file or the library; FILE#PART selects tensors by name; may be repeated',
      (text: string, before: string[] = []) => [...before, text],
    )
    .option(
      '--layer <L>',
      'patch after this block, 0-based (default: the layers of the vector; every layer for a task, one row each)',
      repeated(wholeNumber(0)),
    )
    .option('--scale <a>', 'factor applied to the vector (default: 1)', repeated(number))
    .addOption(
      new Option(
        '--mode <mode>',
        "replace or add (default: the vector's own mode; add for control vectors)",
      ).argParser(repeated(oneOf(vectorModes))),
    )
    .addOption(
      new Option(
        '--positions <which>',
        "last: the prompt's last token; all: every token (default: last)",
      ).argParser(repeated(oneOf(['last', 'all'] as const))),
    )
    .option('--max-tokens <n>', 'number of tokens to generate greedily', wholeNumber(1), 1)
    .option(
      '--stop <text>',
      'text that ends the generation; may be repeated',
      (text: string, before: string[] = []) => [...before, text],
    )
    .option(
      '--demonstrations <k-or-yaml>',
      'k, the number of demonstrations for θ (default: 5), or S itself, [[x, y], ..]',
      yamlValue,
    )
    .option(
      '--dummy-queries <yaml>',
      "[x', ..]: dummy queries that follow the given S when θ is computed",
      yamlValue,
    )
    .option('--seed <n>', 'seed for drawing demonstrations and dummy queries', wholeNumber(0), 41)
    .addOption(numericsOption())
    .addOption(deviceOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
--layer, --scale, --mode and --positions apply to all vectors if given once,
else to each vector in order. For many predictions, taskvec serve --predict
(docs/api.md) loads the model only once.

Examples:
  $ taskvec predict --prompt "The capital of France is"
  $ taskvec predict --model ./my-llama --token-ids 5,6,7 --logits --json
  $ taskvec predict --task linguistic_present_simple_past_simple --query take
  $ taskvec predict --task algorithmic_to_upper --layer 21 --query q --json
  $ taskvec predict --task algorithmic_to_upper --query q --numerics w8a8
  $ taskvec predict --list antonyms.csv --columns word,opposite --query hot --template qa --demonstrations 3
  $ taskvec predict --demonstrations "[[hot, cold], [big, small]]" --query up --template chat
  $ taskvec predict --demonstrations "[[hot, cold], [big, small]]" --dummy-queries "[old]" --query up
  $ taskvec predict --vector thetas.safetensors#algorithmic_to_upper --query q
  $ taskvec predict --vector honesty --scale 1.5 --positions all --prompt "The earth is" --max-tokens 20
  $ taskvec predict --vector a.npy --layer 12 --vector b.npy --layer 14 --mode add --prompt "1, 2,"`,
    )
    .action(predict)
}

async function predict(options: PredictOptions): Promise<void> {
  const request = requestOf(options, options.list === undefined ? undefined : await ownPairs(options))
  const { numerics, device } = options
  const engine = await loadEngine(locateModel(modelRef(options.model)), {
    mode: { numerics, device },
  })
  for (const warning of engine.info.warnings ?? []) process.stderr.write(`warning: ${warning}\n`)
  try {
    printPrediction(options, await answer(engine, request, findVectors))
  } finally {
    await engine.close()
  }
}

/** Errors: CONFIG. */
async function ownPairs({ list = '', columns }: PredictOptions): Promise<readonly Pair[]> {
  const { pairs, notes } = readWordListFile(list, { columns, ahead: await parquetAhead(list) })
  for (const note of notes) process.stderr.write(`warning: ${note}\n`)
  return pairs
}

/** Errors: USAGE. */
function requestOf(options: PredictOptions, list: readonly Pair[] | undefined): PredictRequest {
  const { prompt, tokenIds, task, query, vector = [], layer, top, maxTokens, seed } = options
  const { demonstrations, dummyQueries, template } = options
  const asked = vector.length > 0 || list || Array.isArray(demonstrations) || template !== undefined
  const prompts = [prompt, tokenIds, task ?? (asked ? query : undefined)]
  const given = prompts.filter((each) => each !== undefined).length
  if (given !== 1)
    throw new TaskvecError(
      'USAGE',
      `predict takes exactly one of --prompt, --token-ids and --task; ${given} given`,
      {
        hint: 'See the examples of taskvec predict --help; --query goes with --task, --list, --vector, --template or demonstrations.',
      },
    )
  if (task !== undefined && query === undefined)
    throw new TaskvecError('USAGE', '--task needs --query', {
      hint: `For instance: --task ${task} --query "…"`,
    })
  if (task !== undefined && vector.length > 0)
    throw new TaskvecError('USAGE', '--task and --vector cannot be combined: --task patches in its own θ', {
      hint: 'Leave out --task: --vector FILE --query "…".',
    })
  for (const [name, other] of companions)
    if (options[name] !== undefined && options[other] === undefined)
      throw new TaskvecError('USAGE', `--${name} needs --${other}`)
  if (vector.length === 0 && layer !== undefined && layer.length > 1)
    throw new TaskvecError('USAGE', `--layer is given ${layer.length} times, but θ takes one`)
  const vectors = vector.map((name, i) => ({
    vector: name,
    layer: of('layer', layer, i),
    scale: of('scale', options.scale, i),
    mode: of('mode', options.mode, i),
    positions: of('positions', options.positions, i),
  }))
  const parsed = predictRequest.safeParse({
    ...{ prompt, tokenIds, task, query, vectors, top, maxTokens },
    ...{ demonstrations, seed, dummyQueries, template },
    list: list?.map(({ input, output }) => ({ input, output })),
    layer: vector.length > 0 ? undefined : layer?.[0],
    logits: options.logits,
    stop: options.stop,
  })
  if (parsed.success) return parsed.data
  throw new TaskvecError('USAGE', parsed.error.issues.map(ofOption).join('\n'))

  function of<Value>(name: string, values: readonly Value[] | undefined, i: number): Value | undefined {
    if (values === undefined || values.length === 1) return values?.[0]
    if (values.length === vector.length) return values[i]
    throw new TaskvecError(
      'USAGE',
      `--${name} is given ${values.length} times, for ${vector.length} vectors`,
      { hint: 'Give it once for all vectors, or once for each, in order.' },
    )
  }
}

/** A problem of the request, under the name of the option that gave the value. */
function ofOption(issue: Issue): string {
  const [key, , ofVector] = issue.path
  if (key === undefined) return `predict: ${inWords(issue)}`
  const name = String(key === 'vectors' ? ofVector : key)
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${inWords(issue)}`
}
