import Table from 'cli-table3'
import { Command, InvalidArgumentError } from 'commander'
import type { Pair, Scoring } from '../domain/types.js'
import { locateModel, modelRef } from '../models/locate.js'
import { checkList, mostCopies, type ListReport } from '../tasks/check-list.js'
import { readItemsFile } from '../tasks/items-file.js'
import { builtinTaskIds, resolveTask } from '../tasks/registry.js'
import { singleTokenReading, type Encoder } from '../tasks/single-token.js'
import { readLocatedPairs } from '../tasks/word-list-file.js'
import { loadTokenizer } from '../tokenizer/tokenizer.js'
import { openCheckpoint } from '../weights/open.js'

/** `taskvec tasks check [FILE]`. */
export function checkCommand(): Command {
  return new Command('check')
    .description('Check a word list or an items file of your own, or all built-in lists.')
    .argument('[file]', 'CSV or JSON word list, or JSON Lines items')
    .option('--scoring <rule>', 'exact or prefix: how the list will be scored', scoringRule, 'exact')
    .option('--model <id-or-path>', 'also count the pairs whose answer is one token of this model')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code 1 where something is wrong.\n\nExamples:\n  $ taskvec tasks check\n' +
        '  $ taskvec tasks check my.csv --scoring prefix\n  $ taskvec tasks check my.csv --model smollm2-135m',
    )
    .action(check)
}

interface CheckOptions {
  json?: boolean
  scoring: Scoring
  model?: string
}

async function check(file: string | undefined, { json, scoring, model }: CheckOptions): Promise<void> {
  if (file?.endsWith('.jsonl')) return checkItems(file, json)
  const lists = file === undefined ? builtinLists() : [ownList(file, scoring)]
  const encoder = model === undefined ? undefined : await tokenizerOf(model)
  const checked = []
  for (const { id, pairs, scoring, where } of lists) {
    const report = checkList(pairs, scoring)
    const kept = encoder && (await singleTokenReading(pairs, encoder)).kept
    checked.push({
      id,
      scoring,
      ...report,
      copies: report.copies.length,
      kept,
      problems: wrong(report, where),
    })
  }
  const problems = checked.flatMap((entry) => entry.problems)
  if (problems.length > 0) process.exitCode = 1
  if (json) return print(checked)

  const table = new Table({
    head: [
      'list',
      'pairs',
      'one token: " y"',
      'one token: "y"',
      'commonest answer',
      'copies',
      'several answers',
    ],
    style: { head: [], border: [], compact: true },
  })
  for (const { id, pairs, kept, majority, copies, ambiguous } of checked) {
    const share = `${majority.answer} ${(100 * majority.share).toFixed(1)}%`
    table.push([id, pairs, kept?.leadingSpace ?? '', kept?.noSpace ?? '', share, copies, ambiguous])
  }
  process.stdout.write(table.toString() + '\n')
  for (const problem of problems) process.stdout.write(`${problem}\n`)
}

interface CheckedList {
  readonly id: string
  readonly pairs: readonly Pair[]
  readonly scoring: Scoring
  /** Names pair i for people: file and line, or its input. */
  readonly where: (index: number) => string
}

function builtinLists(): CheckedList[] {
  return builtinTaskIds.flatMap((id) => {
    const task = resolveTask({ kind: 'builtin', id })
    if (task.kind !== 'list') return []
    const { pairs, scoring } = task
    return [{ id, pairs, scoring, where: (index) => `${id}: "${pairs[index]?.input ?? ''}"` }]
  })
}

function ownList(file: string, scoring: Scoring): CheckedList {
  const located = readLocatedPairs(file)
  const pairs = located.map(({ pair }) => pair)
  return { id: file, pairs, scoring, where: (index) => `${file}:${located[index]?.line ?? 0}` }
}

function wrong({ pairs, copies, problems }: ListReport, where: CheckedList['where']): string[] {
  const found = problems.map(({ pair, text }) => `${where(pair)}: ${text}`)
  return copies.length > mostCopies * pairs
    ? [...found, `${copies.length} of ${pairs} answers are copies of their input; at most 5% are advised`]
    : found
}

function checkItems(file: string, json: boolean | undefined): void {
  const items = readItemsFile(file)
  const counts = { baseline: items.baseline.length, dev: items.dev.length, test: items.test.length }
  if (json) return print({ file, items: counts })
  process.stdout.write(`${file}: baseline ${counts.baseline}, dev ${counts.dev}, test ${counts.test} items\n`)
}

async function tokenizerOf(model: string): Promise<Encoder> {
  const checkpoint = await openCheckpoint(locateModel(modelRef(model)))
  try {
    const tokenizer = loadTokenizer(checkpoint)
    return {
      encode: async (texts, { special = true } = {}) => texts.map((text) => tokenizer.encode(text, special)),
      unknownToken: tokenizer.unknownToken,
    }
  } finally {
    checkpoint.close()
  }
}

function scoringRule(text: string): Scoring {
  if (text === 'exact' || text === 'prefix') return text
  throw new InvalidArgumentError('it must be exact or prefix.')
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
