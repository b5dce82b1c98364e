import { Command, InvalidArgumentError } from 'commander'
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import type { Device, NumericsMode } from '../domain/numerics.js'
import { loadEngine } from '../engine/local-engine.js'
import type { Engine } from '../engine/engine.js'
import { answerByTaskVector } from '../experiments/answer-by-task-vector.js'
import { locateModel } from '../models/locate.js'
import { deviceOption, numericsOption, wholeNumber } from './options.js'

interface PredictOptions {
  model: string
  prompt?: string
  tokenIds?: number[]
  top: number
  logits?: boolean
  task?: string
  query?: string
  layer?: number
  demonstrations: number
  seed: number
  numerics: NumericsMode
  device: Device
  json?: boolean
}

/** `taskvec predict`: one prompt's next token, or one query answered by a task's vector alone. */
export function predictCommand(): Command {
  return new Command('predict')
    .option(
      '--model <id-or-path>',
      'a model id (taskvec models list), a Hugging Face folder or a GGUF file',
      'smollm2-135m',
    )
    .option('--prompt <text>', 'the prompt, exactly as given')
    .option('--token-ids <ids>', 'the prompt as token ids, comma-separated; no BOS is added', tokenIds)
    .option('--top <n>', 'how many of the likeliest next tokens to print', wholeNumber(1), 10)
    .option('--logits', 'print all logits of the last token, as JSON')
    .option('--task <id>', 'the task whose vector answers (taskvec tasks list)')
    .option('--query <x>', 'the query x')
    .option(
      '--layer <L>',
      'patch θ after this block only (0-based); default: every layer, a row each',
      wholeNumber(0),
    )
    .option('--demonstrations <k>', 'k, the demonstrations that θ is computed from', wholeNumber(1), 5)
    .option('--seed <n>', 'seed of the demonstrations and dummy queries drawn', wholeNumber(0), 41)
    .addOption(numericsOption())
    .addOption(deviceOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec predict --prompt "The capital of France is"
  $ taskvec predict --model ./my-llama --token-ids 5,6,7 --logits --json
  $ taskvec predict --task knowledge_country_capital --query Spain             every layer
  $ taskvec predict --task algorithmic_to_upper --layer 21 --query q --json
  $ taskvec predict --task algorithmic_to_upper --query q --numerics w8a8`,
    )
    .action(predict)
}

async function predict(options: PredictOptions): Promise<void> {
  const prompts = [options.prompt, options.tokenIds, options.task].filter((given) => given !== undefined)
  if (prompts.length !== 1) {
    throw new TaskvecError(
      'USAGE',
      `predict takes exactly one of --prompt, --token-ids and --task; ${prompts.length} given`,
      {
        hint: 'See the examples of taskvec predict --help.',
      },
    )
  }
  const path = existsSync(options.model) ? resolve(options.model) : undefined
  const { numerics, device } = options
  const engine = await loadEngine(locateModel(path ? { id: basename(path), path } : { id: options.model }), {
    mode: { numerics, device },
  })
  try {
    await (options.task === undefined
      ? nextToken(engine, options)
      : byTaskVector(engine, options.task, options))
  } finally {
    await engine.close()
  }
}

async function nextToken(engine: Engine, options: PredictOptions): Promise<void> {
  const tokens = options.tokenIds ?? (await engine.encode([options.prompt ?? '']))[0] ?? []
  const logits = await engine.logits(tokens)
  if (options.logits) return print({ logits: Array.from(logits) })

  const top = await likeliest(engine, logits, options.top)
  if (options.json) return print({ model: options.model, tokens, top })
  for (const { token, text, probability } of top) {
    process.stdout.write(`${probability.toFixed(4)}  ${String(token).padStart(6)}  ${JSON.stringify(text)}\n`)
  }
}

async function likeliest(engine: Engine, logits: Float32Array, count: number) {
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b)
  const chosen = order.slice(0, count)
  const texts = await engine.decode(chosen)
  const highest = logits[chosen[0] ?? 0] ?? 0
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)
  return chosen.map((token, i) => {
    const logit = logits[token] ?? 0
    return { token, text: texts[i] ?? '', logit, probability: Math.exp(logit - highest) / total }
  })
}

async function byTaskVector(engine: Engine, task: string, options: PredictOptions): Promise<void> {
  if (options.query === undefined) {
    throw new TaskvecError('USAGE', '--task needs --query', {
      hint: `For instance: taskvec predict --task ${task} --query "…"`,
    })
  }
  const { query, layer, seed, demonstrations } = options
  const result = await answerByTaskVector(engine, { task, query, layer, seed, demonstrations })
  if (options.json) return print({ model: options.model, ...result })

  const shown = result.demonstrations.map(({ input, output }) => `${input}->${output}`).join('  ')
  process.stderr.write(`θ from S = ${shown}\n     and x' = ${result.dummyQueries.join(', ')}\n`)
  process.stdout.write(`regular     [S, x, ->]   ${JSON.stringify(result.regular)}\n`)
  process.stdout.write(`baseline    [x, ->]      ${JSON.stringify(result.baseline)}\n`)
  for (const row of result.hypothesis) {
    process.stdout.write(
      `hypothesis  L = ${String(row.layer).padStart(2)}       ${JSON.stringify(row.prediction)}\n`,
    )
  }
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}

function tokenIds(text: string): number[] {
  return text.split(',').map((part) => {
    if (!/^\s*\d+\s*$/.test(part))
      throw new InvalidArgumentError(`"${part}" is not a token id; give whole numbers, for instance 5,6,7.`)
    return Number(part)
  })
}
