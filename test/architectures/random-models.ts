/**
 * `npm run random-models -- [--python PYTHON] [--count N] [--seed N] [--keep FOLDER] [FAMILY ...]`: tiny models with random options of
 * each family (random_models.py writes them and what transformers computes), run here alone, batched and streamed. `--count 0` runs
 * what FOLDER has. Prints a line a family, then what was refused and what differs by more than the tolerance; exits with 1 where anything does.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { families } from '../../src/architectures/catalog.js'
import { TaskvecError } from '../../src/domain/errors.js'
import { loadEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/reference-pass.js'
import { wordTokenizer } from '../golden/families.js'
import { largestDifference, type TinyGolden } from '../golden/read.js'
import { executed } from './executed.js'

/** Of values up to 1 in size; of larger ones, of their size. */
const tolerance = 1e-4

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    count: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
  },
})
const wanted = positionals.length > 0 ? positionals : families.map(({ name }) => name)
const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'taskvec-random-'))
const script = fileURLToPath(new URL('random_models.py', import.meta.url))
if (options.count !== '0')
  await execa(options.python, [script, folder, options.count, options.seed, ...wanted], {
    stdout: process.stderr,
    stderr: 'inherit',
  })

const [refused, wrong] = [[] as string[], [] as string[]]
for (const family of wanted) {
  const names = readdirSync(folder)
    .filter((name) => new RegExp(`^${family}-\\d+$`).test(name))
    .filter((name) => existsSync(join(folder, name, 'expected.json')))
  const differences: number[] = []
  let failed = 0
  for (const name of names) {
    try {
      const difference = await compared(join(folder, name))
      differences.push(difference)
      if (!(difference < tolerance)) wrong.push(`${name}: ${difference.toExponential(1)}`)
    } catch (error) {
      if (error instanceof TaskvecError && error.code === 'MODEL')
        refused.push(`${name}: ${error.message.replaceAll(join(folder, name), '').replaceAll('\n', ' ')}`)
      else wrong.push(`${name}: ${String(error)}`)
      failed += 1
    }
  }
  const equal = differences.filter((difference) => difference < tolerance)
  process.stdout.write(
    `${family.padEnd(18)} ${names.length} models, ${equal.length} equal (${Math.max(0, ...equal).toExponential(0)}), ${failed} not run\n`,
  )
}
process.stdout.write(
  [`\n${refused.length} refused`, ...refused, `\n${wrong.length} wrong`, ...wrong, ''].join('\n'),
)
if (options.keep === undefined) rmSync(folder, { recursive: true, force: true })
process.exitCode = wrong.length > 0 ? 1 : 0

/** The largest difference, over the size of what is compared where that is above 1. */
async function compared(model: string): Promise<number> {
  const all = JSON.parse(readFileSync(join(model, 'expected.json'), 'utf8')) as TinyGolden['prompts']
  writeFileSync(join(model, 'tokenizer.json'), JSON.stringify(wordTokenizer()))
  const engine = await loadEngine(model)
  const longest = engine.sessions.decoder.maxPositions
  const prompts = all.filter(({ tokens }) => tokens.length <= longest)
  const differences: number[] = []
  for (const { tokens, states, logits } of prompts) {
    const { lastStates } = await forward(engine.sessions, tokens)
    states.forEach((state, layer) => differences.push(relative(lastStates[layer] ?? [], state)))
    differences.push(relative(await engine.logits(tokens), logits))
  }
  const request = {
    items: prompts.map(({ tokens }) => ({
      thetaPrompts: [tokens],
      patchedPrompt: tokens.slice(0, 20),
      plainPrompts: [tokens],
      answerToken: 1,
    })),
    layers: Array.from({ length: engine.sessions.decoder.blocks }, (_, layer) => layer),
    thetas: 'each' as const,
  }
  const states = prompts.flatMap((prompt) => prompt.states.flat())
  const answers = prompts.map(({ logits }) => logProbability(logits, 1))
  const streamed = await executed(engine, model, 'streamed')
  for (const result of [await engine.evaluate(request), await streamed.evaluate(request)]) {
    differences.push(relative(result.thetas ?? [], states))
    differences.push(
      relative(
        result.plain.flat().map(({ answerLogProb }) => answerLogProb),
        answers,
      ),
    )
  }
  await engine.close()
  return Math.max(...differences)
}

function relative(ours: ArrayLike<number>, theirs: readonly number[]): number {
  const size = theirs.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1)
  return largestDifference(ours, theirs) / size
}

function logProbability(logits: readonly number[], token: number): number {
  const most = Math.max(...logits)
  return (logits[token] as number) - most - Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0))
}
