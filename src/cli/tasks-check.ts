import { Command, InvalidArgumentError, Option } from 'commander'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { didYouMean } from '../domain/did-you-mean.js'
import { indented } from '../domain/errors.js'
import type { Pair, PromptFormat, ScoringRule } from '../domain/types.js'
import { miniaturesFolder, modelCatalog } from '../models/catalog.js'
import { locateModel, modelRef, pulledModel } from '../models/locate.js'
import { builtinTemplates, formatOf } from '../prompt/templates.js'
import { boundaryWarning, mergingAnswers } from '../tasks/boundary.js'
import { checkList, sharedInputs, type ListProblem } from '../tasks/check-list.js'
import { firstTokenShare, floorsOf } from '../tasks/floors.js'
import { parquetAhead } from '../tasks/parquet-list.js'
import { scanItemsFile } from '../tasks/items-file.js'
import { splitNotes } from '../tasks/list-splits.js'
import { listAims } from '../tasks/list-aims.js'
import { builtinTaskIds, furtherIds, resolveTask } from '../tasks/registry.js'
import { examplesOf } from '../tasks/sampling.js'
import { singleTokenReading, writablePairs, written, type Encoder } from '../tasks/single-token.js'
import { scanWordListFile } from '../tasks/word-list-file.js'
import type { Columns } from '../tasks/columns.js'
import { beginningsOf, type Coder } from '../tasks/first-token.js'
import { groupRepeated } from '../tasks/repeated-problems.js'
import { readTextFile, type LineProblem } from '../tasks/text-file.js'
import { readTokenizer } from '../tokenizer/tokenizer.js'
import { columnsOption, scoringRule } from './options.js'
import { boxedTable } from '../report/boxed-table.js'
import { expanded } from '../system/home.js'

/** `taskvec tasks check [FILE]`. */
export function checkCommand(): Command {
  const collect = (value: string, before: string[] = []) => [...before, value]
  return new Command('check')
    .description('Check a word list or an items file of your own, or all built-in tasks.')
    .argument('[file]', 'a list (CSV, TSV, JSON, JSON Lines, Parquet), or items (JSON Lines)', expanded)
    .option(
      '--scoring <rule>',
      'exact, prefix, first-token, contains, normalised, f1, chrf, ...: how the list will be scored',
      scoringRule,
      'exact',
    )
    .addOption(columnsOption())
    .option(
      '--tokenizer <path-or-id>',
      "also count what a tokenizer's single-token filter leaves: a tokenizer.json, a model's folder, a GGUF file or a " +
        'model id; repeatable (default: all models on this machine)',
      collect,
    )
    .addOption(new Option('--model <id-or-path>', 'the same as --tokenizer').argParser(collect).hideHelp())
    .option(
      '--prompt <name>',
      `the prompt that the tokenizer sees them in: ${promptNames.join(', ')}`,
      promptNamed,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code 1 where the file cannot be run as it is; warnings are no errors.\n\nExamples:\n  $ taskvec tasks check\n' +
        '  $ taskvec tasks check my.csv --scoring prefix\n' +
        '  $ taskvec tasks check words.csv --columns word,translation\n' +
        '  $ taskvec tasks check my.csv --prompt qa\n' +
        '  $ taskvec tasks check my.csv --tokenizer smollm2-135m --tokenizer ../gpt2/tokenizer.json',
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
    `"${name}" is no prompt${didYouMean(name, promptNames) || '.'} The prompts: ${promptNames.join(', ')}.`,
  )
}

async function check(file: string | undefined, options: CheckOptions): Promise<void> {
  const { json, scoring, columns } = options
  if (file !== undefined && columns === undefined && holdsItems(file)) return checkItems(file, json)
  const builtin = builtinLists()
  const named = [...(options.tokenizer ?? []), ...(options.model ?? [])]
  const tokenizers = named.length > 0 ? named.map(namedTokenizer) : atHand()
  const checked = []
  for (const list of file === undefined ? builtin : [await ownList(file, scoring, columns)])
    checked.push(await checkOne(list, builtin, tokenizers, options.prompt))
  if (checked.some(({ problems }) => problems.length > 0)) process.exitCode = 1
  if (json) return print(checked)
  printTables(checked)
}

interface CheckedList {
  readonly id: string
  readonly pairs: readonly Pair[]
  readonly scoring: ScoringRule
  /** How many different inputs a task made by code has, of which `pairs` are drawn. */
  readonly drawnFrom?: number
  /** Names pair i for people: file and line, or its input. */
  readonly where: (index: number) => string
  /** Line of pair i in the user's file. */
  readonly lineOf?: (index: number) => number
  /** Of a user's file: what a sweep would refuse, and what it would say of how the file is read. */
  readonly own?: { readonly problems: readonly LineProblem[]; readonly notes: readonly string[] }
}

async function checkOne(
  list: CheckedList,
  builtin: readonly CheckedList[],
  tokenizers: readonly NamedTokenizer[],
  prompt: PromptFormat | undefined,
) {
  const { id, pairs, scoring, where } = list
  const report = checkList(pairs, scoring, listAims[id])
  const others = builtin.filter((other) => other.id !== id).map((other) => other.pairs)
  const survivors = []
  const unknown: string[] = []
  const answers = pairs.map(({ output }) => output)
  for (const { name, encoder } of tokenizers) {
    const { reading, kept } = await singleTokenReading(pairs, encoder, prompt)
    const writable = (await writablePairs(pairs, encoder, prompt)).length
    const { whole, partial } = await beginningsOf(answers, encoder, prompt)
    const merging = await mergingAnswers(
      encoder,
      pairs.map((pair) => {
        const { input: query, output: answer } = scoring === 'exact' ? written(pair, reading) : pair
        return { query, answer, ...(prompt ? { prompt } : {}) }
      }),
    )
    survivors.push({
      tokenizer: name,
      writable,
      ...kept,
      reading,
      wholeAnswers: whole,
      partialAnswers: partial,
      mergingAnswers: merging,
      firstToken: await firstTokenShare(pairs, scoring, encoder),
    })
    if (partial > 0 && scoring !== 'first-token')
      unknown.push(
        `${id}: ${partial} of ${pairs.length} answers begin with a token that is part of a character in the tokenizer of ` +
          `${name}: ${scoring === 'exact' ? 'they are never right under exact' : 'they are judged by that token'}; see --scoring first-token`,
      )
    if (merging > 0) unknown.push(`${name}: ${boundaryWarning(id, merging, pairs.length)}`)
    if (writable < pairs.length)
      unknown.push(
        `${id}: ${pairs.length - writable} of ${pairs.length} pairs have a word that the tokenizer of ${name} can only ` +
          'write as its unknown token',
      )
  }
  const say = ({ pair, text }: ListProblem) => `${pair === null ? id : where(pair)}: ${text}`
  return {
    id,
    scoring,
    ...report,
    drawnFrom: list.drawnFrom ?? null,
    copies: report.copies.length,
    floors: floorsOf(pairs, scoring, report.majority.answer),
    sharedInputs: sharedInputs(pairs, others),
    tokenizers: survivors,
    problems: inOrderOfLines(list, list.own ? [] : report.problems),
    warnings: [
      ...(list.own?.notes ?? []),
      ...(list.own ? inOrderOfLines({ ...list, own: undefined }, report.problems) : []),
      ...report.warnings.map(say),
      ...unknown,
    ],
  }
}

/** Problems of lines and of pairs as they stand in the file, those of the whole list behind them. */
function inOrderOfLines(
  { id, where, lineOf, own }: Omit<CheckedList, 'own'> & { readonly own?: CheckedList['own'] | undefined },
  problems: readonly ListProblem[],
): string[] {
  const located = problems.map(({ pair, text }) => ({
    line: pair === null ? Infinity : (lineOf?.(pair) ?? pair),
    text: `${pair === null ? id : where(pair)}: ${text}`,
  }))
  const broken = (own?.problems ?? []).map(({ line, text, hint }) => ({
    line,
    text: `${id}:${line}: ${text}${hint?.includes('columns:') ? `\n${indented(hint)}` : ''}`,
  }))
  return [...broken, ...located]
    .sort((a, b) => (a.line < b.line ? -1 : a.line > b.line ? 1 : 0))
    .map(({ text }) => text)
}

type Checked = Awaited<ReturnType<typeof checkOne>>

/** Of one list, where people read them. */
const shownWarnings = 5

function printTables(checked: readonly Checked[]): void {
  const lists = boxedTable(
    ['list', 'pairs', 'commonest answer', 'copies', 'several answers', 'inputs of other tasks too'],
    checked.map(({ id, pairs, drawnFrom, majority, copies, ambiguous, sharedInputs: shared }) => [
      id,
      drawnFrom === null ? pairs : `${pairs} drawn of ${drawnFrom}`,
      `${majority.answer} ${(100 * majority.share).toFixed(1)}%`,
      copies,
      ambiguous,
      shared,
    ]),
  )
  process.stdout.write(`${lists}\n`)

  const percent = (share: number) => `${(100 * share).toFixed(1)}%`
  const guessed = boxedTable(
    ['right without knowing the task', 'copying the input', 'always the commonest answer'],
    checked.map(({ id, floors: { copier, majority } }) => [id, percent(copier), percent(majority)]),
  )
  process.stdout.write(`\n${guessed}\n`)

  if (checked.some(({ tokenizers }) => tokenizers.length > 0)) {
    const head = [
      ...['list', 'tokenizer', 'writable', 'one token: " y"', 'one token: "y"', 'reading'],
      'begin in a character',
      'first token alone is right',
    ]
    const rows = checked.flatMap(({ id, tokenizers }) =>
      tokenizers.map(
        ({ tokenizer, writable, leadingSpace, noSpace, reading, partialAnswers, firstToken }) => [
          id,
          tokenizer,
          writable,
          leadingSpace,
          noSpace,
          reading,
          partialAnswers,
          percent(firstToken),
        ],
      ),
    )
    process.stdout.write(`\n${boxedTable(head, rows)}\n`)
  }
  for (const text of groupRepeated(checked.flatMap(({ problems }) => problems)))
    process.stdout.write(`error: ${text}\n`)
  for (const { id, warnings } of checked) {
    for (const text of warnings.slice(0, shownWarnings)) process.stdout.write(`warning: ${text}\n`)
    const more = warnings.length - shownWarnings
    if (more > 0) process.stdout.write(`warning: ${id}: ${more} more; --json has all\n`)
  }
}

/** How many inputs of a task made by code are drawn and checked. */
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

/** JSON Lines are items where a line of them names its split as items do, else a list. */
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

export interface NamedTokenizer {
  readonly name: string
  readonly encoder: Encoder & Coder
}

/** Of the catalogue's models that are pulled, or committed beside it; models with the same tokenizer.json share one. */
function atHand(): NamedTokenizer[] {
  const sharing = new Map<string, string[]>()
  for (const { id, files } of modelCatalog()) {
    if (pulledModel(id) === null && !existsSync(join(miniaturesFolder(), id, 'tokenizer.json'))) continue
    const content = files.find(({ name }) => name === 'tokenizer.json')?.sha256 ?? id
    sharing.set(content, [...(sharing.get(content) ?? []), id])
  }
  return [...sharing.values()].map((ids) => {
    const [first = ''] = ids
    const { name, encoder } = namedTokenizer(first)
    return { name: ids.length === 1 ? name : `${name} and ${ids.length - 1} more`, encoder }
  })
}

/** Of a tokenizer.json, a model's folder, a GGUF file or a model of the catalogue. Throws MODEL, WEIGHTS. */
export function namedTokenizer(pathOrId: string): NamedTokenizer {
  const committed = join(miniaturesFolder(), pathOrId)
  const path = existsSync(join(committed, 'tokenizer.json')) ? committed : locateModel(modelRef(pathOrId))
  const { encode, decodeToken, unknownToken } = readTokenizer(path)
  return {
    name: basename(path) === 'tokenizer.json' ? basename(dirname(path)) : basename(pathOrId),
    encoder: {
      encode: async (texts, { special = true } = {}) => texts.map((text) => encode(text, special)),
      decode: async (tokens) => tokens.map(decodeToken),
      unknownToken,
    },
  }
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
