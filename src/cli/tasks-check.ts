import { Command, InvalidArgumentError, Option } from 'commander'
import { didYouMean } from '../domain/did-you-mean.js'
import type { PromptFormat, ScoringRule } from '../domain/types.js'
import { builtinTemplates, formatOf } from '../prompt/templates.js'
import { parquetAhead } from '../tasks/parquet-list.js'
import { scanItemsFile } from '../tasks/items-file.js'
import { splitNotes } from '../tasks/list-splits.js'
import { builtinTaskIds, furtherIds, resolveTask } from '../tasks/registry.js'
import { examplesOf } from '../tasks/examples.js'
import { scanWordListFile } from '../tasks/word-list-file.js'
import type { Columns } from '../tasks/columns.js'
import { readTextFile } from '../tasks/text-file.js'
import { columnsOption, scoringRule } from './options.js'
import { expanded } from '../system/home.js'
import { atHand, namedTokenizer } from './named-tokenizers.js'
import { type CheckedList, checkOne } from './check-one-list.js'
import { printTables } from './checked-tables.js'

/** `taskvec tasks check [FILE]`. */
export function checkCommand(): Command {
  const collect = (value: string, before: string[] = []) => [...before, value]
  return new Command('check')
    .description('Check your own word list or items file, or all built-in tasks.')
    .argument('[file]', 'list (CSV, TSV, JSON, JSON Lines, Parquet), or items (JSON Lines)', expanded)
    .option(
      '--scoring <rule>',
      'scoring rule: exact, prefix, first-token, contains, normalised, f1, chrf, ...',
      scoringRule,
      'exact',
    )
    .addOption(columnsOption())
    .option(
      '--tokenizer <path-or-id>',
      "count the pairs that a tokenizer's single-token filter keeps: a tokenizer.json, a model's folder, a GGUF file or a " +
        'model id; may be repeated (default: all models on this machine)',
      collect,
    )
    .addOption(new Option('--model <id-or-path>', 'the same as --tokenizer').argParser(collect).hideHelp())
    .option('--prompt <name>', `prompt template around the pairs: ${promptNames.join(', ')}`, promptNamed)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code 1 if a sweep would refuse the file; warnings do not count.\n\nExamples:\n  $ taskvec tasks check\n' +
        '  $ taskvec tasks check my.csv --scoring prefix\n' +
        '  $ taskvec tasks check words.csv --columns word,translation\n' +
        '  $ taskvec tasks check my.csv --prompt qa\n' +
        '  $ taskvec tasks check my.csv --tokenizer smollm2-135m-q4 --tokenizer ../gpt2/tokenizer.json',
    )
    .action(check)
}

interface CheckOptions {
  json?: boolean
  scoring: ScoringRule
  columns?: Columns
  tokenizer?: string[]
  model?: string[]
  prompt?: PromptFormat
}

const promptNames = builtinTemplates.flatMap((template) => ('chat' in template ? [] : [template.id]))

function promptNamed(name: string): PromptFormat | undefined {
  const template = builtinTemplates.find(({ id }) => id === name && promptNames.includes(id))
  if (template) return formatOf(template)
  throw new InvalidArgumentError(
    `"${name}" is not a prompt${didYouMean(name, promptNames) || '.'} The prompts: ${promptNames.join(', ')}.`,
  )
}

async function check(file: string | undefined, options: CheckOptions): Promise<void> {
  const { json, scoring, columns } = options
  if (file !== undefined && columns === undefined && holdsItems(file)) return checkItems(file, json)
  const builtin = builtinLists()
  const named = [...(options.tokenizer ?? []), ...(options.model ?? [])]
  // The file first, since tokenizers take seconds to load.
  const lists = file === undefined ? builtin : [await ownList(file, scoring, columns)]
  const tokenizers = named.length > 0 ? named.map(namedTokenizer) : atHand()
  const checked = []
  for (const list of lists) checked.push(await checkOne(list, builtin, tokenizers, options.prompt))
  if (checked.some(({ problems }) => problems.length > 0)) process.exitCode = 1
  if (json) return print(checked)
  printTables(checked)
}

/** Inputs of a generated task that are drawn and checked. */
const drawnPairs = 1000

function builtinLists(): CheckedList[] {
  return [...builtinTaskIds, ...furtherIds()].flatMap((id): CheckedList[] => {
    const task = resolveTask({ kind: 'builtin', id })
    if (task.kind === 'items') return []
    const pairs = task.kind === 'list' ? task.pairs : examplesOf(task, drawnPairs)
    const where = (index: number) => `${id}: "${pairs[index]?.input ?? ''}"`
    const list = { id, pairs, scoring: task.scoring, where }
    return [task.kind === 'generated' ? { ...list, drawnFrom: task.size } : list]
  })
}

async function ownList(
  file: string,
  scoring: ScoringRule,
  columns: Columns | undefined,
): Promise<CheckedList> {
  const ahead = await parquetAhead(file)
  const { pairs: located, problems, notes } = scanWordListFile(file, { columns, ahead })
  const pairs = located.map(({ pair }) => pair)
  const lineOf = (index: number) => located[index]?.line ?? 0
  return {
    id: file,
    pairs,
    scoring,
    where: (index) => `${file}:${lineOf(index)}`,
    lineOf,
    own: { problems, notes: [...notes, ...splitNotes(pairs)].map((note) => `${file}: ${note}`) },
  }
}

/** Whether a JSON Lines file holds items rather than a list: its lines have keys and split names of items. */
function holdsItems(file: string): boolean {
  if (!/\.(jsonl|ndjson)$/i.test(file)) return false
  const lines = readTextFile(file).match(/^\s*\{.*"split"\s*:.*$/gm) ?? []
  const ofList = /"split"\s*:\s*"(train|valid|val)/
  return (
    lines.some((line) => /"(query|demonstrations|dummyQueries)"\s*:/.test(line)) &&
    !lines.some((line) => ofList.test(line))
  )
}

function checkItems(file: string, json: boolean | undefined): void {
  const { items, problems: found } = scanItemsFile(file)
  const problems = found.map(({ line, text }) => `${file}:${line}: ${text}`)
  if (problems.length > 0) process.exitCode = 1
  const counts = { baseline: items.baseline.length, dev: items.dev.length, test: items.test.length }
  if (json) return print({ file, items: counts, problems })
  process.stdout.write(`${file}: baseline ${counts.baseline}, dev ${counts.dev}, test ${counts.test} items\n`)
  for (const text of problems) process.stdout.write(`error: ${text}\n`)
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
