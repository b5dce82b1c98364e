import { Command } from 'commander'
import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { TaskvecError } from '../domain/errors.js'
import { shellWord } from '../domain/shell-word.js'
import { mergeInto, type MergeReport } from '../store/merge.js'
import { openReadOnly } from '../store/open.js'
import { lockForWriting } from '../store/writer-lock.js'
import { checkInvariants } from '../verify/invariants.js'
import { expanded } from '../system/home.js'

/** Conflicts printed at most. */
const shownConflicts = 20

interface MergeOptions {
  dryRun?: boolean
  json?: boolean
}

/** `taskvec merge INTO FROM...`. */
export function mergeCommand(): Command {
  return new Command('merge')
    .argument('<into>', 'database to merge into; created if missing', expanded)
    .argument(
      '<from...>',
      'databases to merge; they are not changed',
      (file: string, before: string[] = []) => [...before, expanded(file)],
    )
    .option('--dry-run', 'show what would be merged, without merging')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Each database is checked (taskvec verify --sample 0), then merged in one
transaction. If both have a key with different values, the value of the target
is kept and the conflict is reported. Numbers that differ by up to 1e-4, as
between processors, are equal. Exit code 3 if there are conflicts.

Examples:
  $ taskvec merge all.db machine-1.db machine-2.db
  $ taskvec merge .taskvec/taskvec.db other.db --dry-run`,
    )
    .action(merge)
}

async function merge(
  into: string,
  from: readonly string[],
  { dryRun = false, json }: MergeOptions,
): Promise<void> {
  const target = resolve(into)
  const sources = from.map((file) => resolve(file))
  const same = sources.find(
    (file) => existsSync(target) && existsSync(file) && realpathSync(file) === realpathSync(target),
  )
  if (same !== undefined) throw new TaskvecError('USAGE', `${same}: a database cannot be merged into itself`)
  for (const file of sources) refuseDamaged(file)

  const lock = await lockForWriting(target)
  try {
    const reports = sources.map((file) => ({ file, ...plain(mergeInto(target, file, { dryRun })) }))
    if (json) process.stdout.write(JSON.stringify({ into: target, dryRun, from: reports }) + '\n')
    else for (const report of reports) process.stdout.write(`${describe(report, dryRun)}\n`)
    if (reports.some(({ conflicts }) => conflicts.length > 0)) process.exitCode = 3
  } finally {
    await lock.release()
  }
}

function refuseDamaged(file: string): void {
  using reader = openReadOnly(file)
  const [problem] = checkInvariants(reader).flatMap(({ problems }) => problems)
  if (problem)
    throw new TaskvecError('STORE', `${file}: ${problem.where}: ${problem.message}; nothing was merged`, {
      hint: `See all problems: taskvec verify --sample 0 --db ${shellWord(file)}`,
    })
}

function plain({ added, equal, rounded, conflicts, kinds }: MergeReport): MergeReport {
  return { added, equal, rounded, conflicts, kinds }
}

function describe(
  { file, added, equal, rounded, conflicts, kinds }: MergeReport & { file: string },
  dryRun: boolean,
): string {
  const runs = (added['runs'] ?? 0) + (added['unit_runs'] ?? 0)
  const rows = Object.entries(added).map(([table, count]) => `${count} ${table}`)
  return [
    `${file}: ${runs} runs ${dryRun ? 'would be added' : 'added'}, ${equal} already there, ${rounded} equal except for last bits, ${conflicts.length} conflicts`,
    ...(kinds.length > 1
      ? [
          `  results of ${kinds.length} kinds of processors, which agree within a bound but not bit for bit, and so have separate keys (docs/numerics.md): ${kinds.map((kind) => kind ?? 'not recorded').join('; ')}`,
        ]
      : []),
    ...(rows.length > 0 ? [`  rows: ${rows.join(', ')}`] : []),
    ...conflicts
      .slice(0, shownConflicts)
      .map(
        ({ table, key, column, kept, other }) =>
          `  conflict: ${table} ${key}: ${column} is ${kept} here, ${other} there`,
      ),
    ...(conflicts.length > shownConflicts
      ? [`  and ${conflicts.length - shownConflicts} more (--json)`]
      : []),
  ].join('\n')
}
