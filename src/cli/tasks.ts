import Table from 'cli-table3'
import { Command } from 'commander'
import type { Pair } from '../domain/types.js'
import { checkCommand } from './tasks-check.js'
import { wordListAbout } from '../tasks/lists.js'
import { randomFor } from '../tasks/random.js'
import { builtinTaskIds, resolveTask } from '../tasks/registry.js'
import type { GeneratedTask, Source, Task } from '../tasks/task.js'

/** `taskvec tasks list|show|check`. */
export function tasksCommand(): Command {
  return new Command('tasks')
    .description('The tasks: list them, show their pairs and sources, check a word list.')
    .addCommand(
      new Command('list')
        .description('The eighteen tasks of the paper.')
        .option('--json', 'print JSON')
        .addHelpText('after', '\nExamples:\n  $ taskvec tasks list\n  $ taskvec tasks list --json')
        .action(list),
    )
    .addCommand(
      new Command('show')
        .description("A task's pairs, sources and licences.")
        .argument('<id>', 'a task id (taskvec tasks list)')
        .option('--json', 'print JSON: {id, category, scoring, sources, entries: [{input, answer, accept}]}')
        .addHelpText(
          'after',
          '\nExamples:\n  $ taskvec tasks show knowledge_country_capital\n  $ taskvec tasks show translation_fr_en --json',
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
  const tasks = builtinTaskIds.map((id) => {
    const task = resolveTask({ kind: 'builtin', id })
    const [example] = entriesOf(task)
    return { id, category: task.category, scoring: task.scoring, pairs: sizeOf(task), example }
  })
  if (json) return print(tasks)
  const table = new Table({
    head: ['id', 'scoring', 'pairs', 'x -> y'],
    colAligns: ['left', 'left', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { id, scoring, pairs, example } of tasks)
    table.push([id, scoring, pairs, example ? `${example.input} -> ${example.answer}` : ''])
  process.stdout.write(table.toString() + '\n')
}

function show(id: string, { json }: Options): void {
  const task = resolveTask({ kind: 'builtin', id })
  const entries = entriesOf(task)
  if (task.kind === 'generated')
    process.stderr.write(
      `${id}: made by code, ${task.size} inputs; ${entries.length} drawn by seed are shown\n`,
    )
  const { category, scoring, sources } = task
  if (json) return print({ id, category, scoring, sources, entries })

  const about = wordListAbout(id)
  if (about) process.stdout.write(`${about}\n`)
  process.stdout.write(`category ${category}, scoring ${scoring}\n${sources.map(sourceLine).join('')}\n`)
  for (const { input, answer, accept } of entries) {
    const others = accept.length > 0 ? `  (also ${accept.join(', ')})` : ''
    process.stdout.write(`${input} -> ${answer}${others}\n`)
  }
}

interface Entry {
  readonly input: string
  readonly answer: string
  readonly accept: readonly string[]
}

function entriesOf(task: Task): Entry[] {
  const pairs = task.kind === 'list' ? task.pairs : task.kind === 'generated' ? sample(task) : []
  return pairs.map(({ input, output, accept }) => ({ input, answer: output, accept }))
}

/** How many inputs of a generated task are shown. */
const shown = 100

function sample(task: GeneratedTask): Pair[] {
  const random = randomFor({ task: task.id, purpose: 'show' })
  const pairs = new Map<string, Pair>()
  while (pairs.size < Math.min(shown, task.size)) {
    const pair = task.generate(random)
    pairs.set(pair.input, pair)
  }
  return [...pairs.values()]
}

function sizeOf(task: Task): number {
  return task.kind === 'list' ? task.pairs.length : task.kind === 'generated' ? task.size : 0
}

function sourceLine({ name, version, licence, url }: Source): string {
  return `source ${name}${version ? ` ${version}` : ''} (${licence})${url ? ` ${url}` : ''}\n`
}

function print(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
