import { Command } from 'commander'
import { TaskvecError } from '../domain/errors.js'
import type { ScoringRule } from '../domain/types.js'
import type { Columns } from '../tasks/columns.js'
import { columnsOption, scoringRule, wholeNumber } from './options.js'
import { checkCommand } from './tasks-check.js'
import { wordListNotes } from '../tasks/lists.js'
import { builtinTaskIds, furtherIds, resolveTask } from '../tasks/registry.js'
import { examplesOf } from '../tasks/examples.js'
import type { Source, Task } from '../tasks/task.js'
import { parquetAhead } from '../tasks/parquet-list.js'
import { readWordListFile } from '../tasks/word-list-file.js'
import { boxedTable } from '../report/boxed-table.js'
import { expanded } from '../system/home.js'

/** `taskvec tasks list|show|check`. */
export function tasksCommand(): Command {
  return new Command('tasks')
    .addCommand(
      new Command('list')
        .description('The eighteen tasks of the paper, and further ones that are used by id.')
        .option('--json', 'print JSON')
        .addHelpText('after', '\nExamples:\n  $ taskvec tasks list\n  $ taskvec tasks list --json')
        .action(list),
    )
    .addCommand(
      new Command('show')
        .description("A task's pairs, sources and licences.")
        .argument('[id]', 'a task id (taskvec tasks list)')
        .option('--file <list>', 'your own list instead: CSV, TSV, JSON or JSON Lines', expanded)
        .option(
          '--scoring <rule>',
          'exact, prefix or first-token: how the list of your own will be scored',
          scoringRule,
          'exact',
        )
        .addOption(columnsOption())
        .option('--head <n>', 'the first n pairs only', wholeNumber(1))
        .option(
          '--json',
          'print JSON: {id, category, scoring, sources, entries: [{input, answer, accept}], about, date, pairs}',
        )
        .addHelpText(
          'after',
          '\nExamples:\n  $ taskvec tasks show knowledge_country_capital\n  $ taskvec tasks show translation_fr_en --json\n' +
            '  $ taskvec tasks show algorithmic_list_max --head 10\n  $ taskvec tasks show --file my.csv',
        )
        .action(show),
    )
    .addCommand(checkCommand())
    .addHelpText(
      'after',
      '\nExamples:\n  $ taskvec tasks list\n  $ taskvec tasks show linguistic_antonyms\n  $ taskvec tasks check my.csv',
    )
}

interface Options {
  json?: boolean
}

function list({ json }: Options): void {
  const row = (id: string, inAll: boolean) => {
    const task = resolveTask({ kind: 'builtin', id })
    const [example] = entriesOf(task, 1)
    return { id, category: task.category, scoring: task.scoring, pairs: sizeOf(task), all: inAll, example }
  }
  const paper = builtinTaskIds.map((id) => row(id, true))
  const further = furtherIds().map((id) => row(id, false))
  if (json) return print([...paper, ...further])
  process.stdout.write(
    `The paper's, "tasks: all":\n${tableOf(paper)}\n\nFurther ones, by id:\n${tableOf(further)}\n`,
  )
}

function tableOf(
  tasks: readonly { id: string; scoring: string; pairs: number; example: Entry | undefined }[],
): string {
  return boxedTable(
    ['id', 'scoring', 'pairs', 'x -> y'],
    tasks.map(({ id, scoring, pairs, example }) => [
      id,
      scoring,
      pairs,
      example ? `${example.input} -> ${example.answer}` : '',
    ]),
    [2],
  )
}

async function show(
  id: string | undefined,
  { json, head, file, scoring, columns }: ShowOptions,
): Promise<void> {
  if ((id === undefined) === (file === undefined)) {
    throw new TaskvecError('CONFIG', 'tasks show: name a task, or a list of your own with --file, not both', {
      hint: 'See: taskvec tasks list',
    })
  }
  const task =
    file === undefined
      ? resolveTask({ kind: 'builtin', id: id ?? '' })
      : await ownTask(file, scoring, columns)
  const all = sizeOf(task)
  const entries = entriesOf(task, head ?? (task.kind === 'generated' ? drawn : all))
  if (entries.length < all) {
    const made = task.kind === 'generated'
    process.stderr.write(
      made
        ? `${task.id}: made by code, ${all} inputs; ${entries.length} drawn by seed are shown\n`
        : `${task.id}: the first ${entries.length} of ${all} pairs are shown\n`,
    )
  }
  const { category, sources } = task
  const list = file === undefined ? wordListNotes(task.id) : undefined
  const { about = null, date = null } = list ?? {}
  if (json)
    return print({ id: task.id, category, scoring: task.scoring, sources, entries, about, date, pairs: all })

  if (about !== null) process.stdout.write(`${about}\n`)
  process.stdout.write(`category ${category}, scoring ${task.scoring}, ${all} pairs\n`)
  if (date !== null) process.stdout.write(`facts of ${date}\n`)
  process.stdout.write(sources.map(sourceLine).join(''))
  if (list) process.stdout.write('attributions and licence texts: NOTICE\n')
  process.stdout.write('\n')
  for (const { input, answer, accept } of entries) {
    const others = accept.length > 0 ? `  (also ${accept.join(', ')})` : ''
    process.stdout.write(`${input} -> ${answer}${others}\n`)
  }
}

interface ShowOptions {
  json?: boolean
  head?: number
  file?: string
  scoring: ScoringRule
  columns?: Columns
}

async function ownTask(file: string, scoring: ScoringRule, columns: Columns | undefined): Promise<Task> {
  const { pairs, notes } = readWordListFile(file, { columns, ahead: await parquetAhead(file) })
  for (const note of notes) process.stderr.write(`warning: ${note}\n`)
  return resolveTask({ kind: 'list', id: file, scoring, singleToken: false, pairs })
}

interface Entry {
  readonly input: string
  readonly answer: string
  readonly accept: readonly string[]
}

function entriesOf(task: Task, count: number): Entry[] {
  const pairs = task.kind === 'list' ? task.pairs : task.kind === 'generated' ? examplesOf(task, count) : []
  return pairs.slice(0, count).map(({ input, output, accept }) => ({ input, answer: output, accept }))
}

/** How many inputs of a generated task are shown where no number is asked for. */
const drawn = 100

function sizeOf(task: Task): number {
  return task.kind === 'list' ? task.pairs.length : task.kind === 'generated' ? task.size : 0
}

function sourceLine({ name, version, licence, url }: Source): string {
  return `source ${name}${version ? ` ${version}` : ''} (${licence})${url ? ` ${url}` : ''}\n`
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
