import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../system/home.js'
import { didYouMean } from '../domain/did-you-mean.js'
import { describeError, TaskvecError } from '../domain/errors.js'
import { outsideCause } from '../domain/outside-causes.js'
import { storeError } from '../store/open.js'
import { refuseFewAddresses } from '../system/address-space.js'
import { complain } from '../system/log.js'

/** Each command is loaded only when it is the one asked for: the Temporal SDK alone takes a second. */
const commands: Record<string, () => Promise<Command>> = {
  run: async () => (await import('./run.js')).runCommand(),
  resume: async () => (await import('./resume.js')).resumeCommand(),
  status: async () => (await import('./status.js')).statusCommand(),
  cancel: async () => (await import('./cancel.js')).cancelCommand(),
  results: async () => (await import('./results.js')).resultsCommand(),
  compare: async () => (await import('./compare.js')).compareCommand(),
  report: async () => (await import('./report.js')).reportCommand(),
  verify: async () => (await import('./verify.js')).verifyCommand(),
  merge: async () => (await import('./merge.js')).mergeCommand(),
  backup: async () => (await import('./backup.js')).backupCommand(),
  sql: async () => (await import('./sql.js')).sqlCommand(),
  models: async () => (await import('./models.js')).modelsCommand(),
  tasks: async () => (await import('./tasks.js')).tasksCommand(),
  vectors: async () => (await import('./vectors.js')).vectorsCommand(),
  predict: async () => (await import('./predict.js')).predictCommand(),
  worker: async () => (await import('./worker.js')).workerCommand(),
  serve: async () => (await import('./serve.js')).serveCommand(),
  workers: async () => (await import('./workers.js')).workersCommand(),
  bench: async () => (await import('./bench.js')).benchCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
}

/** Runs one command line. Sets the exit code: 0 done, 1 error, 2 wrong usage; commands may set others (see `run --help`). */
export async function main(argv: readonly string[]): Promise<void> {
  endOnOutsideFaults()
  try {
    refuseFewAddresses(argv[2])
    const program = await buildProgram(argv[2])
    await program.parseAsync([...argv])
  } catch (error) {
    fail(error)
  }
}

/** Faults that no command can catch: they are emitted or thrown where nobody awaits them. */
function endOnOutsideFaults(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `taskvec ... | head` closes the pipe early: that is no error.
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    const { message = error.message } = outsideCause(error) ?? {}
    complain(
      `the output is incomplete: ${message}\n  Free some room or name another file, and run the command again: stored results are kept and not computed again.`,
    )
    process.exit(1)
  })
  // What cannot be logged is lost; the work goes on.
  process.stderr.on('error', () => {})
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', (error) => {
    // Node's own HTTP client, which few commands need: those get the error where they use it.
    if (error instanceof RangeError && /WebAssembly/.test(error.message)) return
    fail(error)
  })
}

/** Ends the process: what is left running after an error, native threads among it, must not keep it. */
function fail(error: unknown): void {
  process.exitCode = report(error)
  if (process.exitCode !== 0) process.exit()
}

/** The program with the command `only`, or with all of them where help or an unknown name is asked for. */
export async function buildProgram(only?: string): Promise<Command> {
  const { version } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
    version: string
  }
  const program = new Command('taskvec')
    .description(
      'Reproducible sweeps of "In-Context Learning Creates Task Vectors" (Hendel, Geva, Globerson 2023).',
    )
    .version(version)
    .showHelpAfterError('(taskvec --help lists the commands, taskvec COMMAND --help their options)')
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec run configs/quickstart.yaml      run a sweep: server, worker, results table
  $ taskvec resume                           resume the latest unfinished sweep
  $ taskvec results --table layers           accuracy by layer of the latest sweep
  $ taskvec predict --model smollm2-135m --task knowledge_country_capital --query Spain`,
    )
  const known = Object.keys(commands)
  const wanted =
    only === '--version' || only === '-V' ? [] : only !== undefined && only in commands ? [only] : known
  for (const name of wanted) {
    const load = commands[name]
    if (load) program.addCommand(inheritSettings(await load()))
  }
  if (only !== undefined && !only.startsWith('-') && only !== 'help' && !(only in commands)) {
    throw new TaskvecError('USAGE', `unknown command "${only}"${didYouMean(only, known)}`, {
      hint: `Commands: ${known.join(', ')}. See taskvec --help.`,
    })
  }
  return inheritSettings(program)
}

/** Commander exits by itself on bad usage; here it throws, so that main is the one place that sets exit codes. */
function inheritSettings(command: Command): Command {
  command.exitOverride()
  for (const child of command.commands) inheritSettings(child)
  return command
}

function report(error: unknown): number {
  // Help and version end by an exception too; commander has already printed what there is to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const { code } = error as { code?: unknown }
  const fromSqlite = typeof code === 'string' && code.startsWith('SQLITE_')
  complain(describeError(fromSqlite ? storeError('the database', error) : error))
  return error instanceof TaskvecError && error.code === 'USAGE' ? 2 : 1
}
