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

/** What each command does, and where it is: loaded only when it is the one asked for, since the Temporal SDK alone takes a second. */
export const commands: Record<string, { does: string; load: () => Promise<Command> }> = {
  run: {
    does: 'Run a sweep: start server and workers, compute what is not stored yet, print the results table.',
    load: async () => (await import('./run.js')).runCommand(),
  },
  resume: {
    does: 'Resume a sweep where it left off: after Ctrl-C, a crash or a cancellation. The config is in the database.',
    load: async () => (await import('./resume.js')).resumeCommand(),
  },
  status: {
    does: 'Cells done per model and task, and failures; also while a sweep runs.',
    load: async () => (await import('./status.js')).statusCommand(),
  },
  cancel: {
    does: 'Stop a running sweep. Stored results are kept; taskvec resume continues.',
    load: async () => (await import('./cancel.js')).cancelCommand(),
  },
  results: {
    does: 'Results of a sweep: the tables of the paper, those beyond it, or every prediction.',
    load: async () => (await import('./results.js')).resultsCommand(),
  },
  compare: {
    does: 'Compare each accuracy of a sweep with the published one or with another sweep’s, with a verdict.',
    load: async () => (await import('./compare.js')).compareCommand(),
  },
  report: {
    does: 'Every figure and table of a sweep as one HTML page, and each as a separate file.',
    load: async () => (await import('./report.js')).reportCommand(),
  },
  verify: {
    does: 'Check the database against itself, and a sample of its results against the models.',
    load: async () => (await import('./verify.js')).verifyCommand(),
  },
  merge: {
    does: 'Merge the results of other databases into one, by their keys; nothing stored is overwritten.',
    load: async () => (await import('./merge.js')).mergeCommand(),
  },
  backup: {
    does: 'Copy the results database into one file, also while a sweep writes it.',
    load: async () => (await import('./backup.js')).backupCommand(),
  },
  sql: {
    does: 'One read-only SQL statement on the results database. docs/schema.md describes tables and views.',
    load: async () => (await import('./sql.js')).sqlCommand(),
  },
  models: {
    does: 'List, fetch or verify models known by id.',
    load: async () => (await import('./models.js')).modelsCommand(),
  },
  tasks: {
    does: 'List tasks, show their pairs and sources, check a word list.',
    load: async () => (await import('./tasks.js')).tasksCommand(),
  },
  vectors: {
    does: 'Export task vectors θ of a sweep, and import vectors of other tools.',
    load: async () => (await import('./vectors.js')).vectorsCommand(),
  },
  predict: {
    does: "A prompt's next token, with vectors patched in or without; or a query answered by a task vector θ alone.",
    load: async () => (await import('./predict.js')).predictCommand(),
  },
  worker: {
    does: 'Compute for sweeps of another process or machine: forward passes only, never the database.',
    load: async () => (await import('./worker.js')).workerCommand(),
  },
  serve: {
    does: 'Serve a local, read-only page with progress, accuracies, curves, items and failures; or predictions as JSON.',
    load: async () => (await import('./serve.js')).serveCommand(),
  },
  workers: {
    does: "List the workers that serve a sweep's models: content hash, engines, memory, device, last seen.",
    load: async () => (await import('./workers.js')).workersCommand(),
  },
  bench: {
    does: 'Time a whole task: the wavefront on one core and on two, the approximate numerics, the plain route, and PyTorch methods, with the same items.',
    load: async () => (await import('./bench.js')).benchCommand(),
  },
  doctor: {
    does: 'Check this machine (Node, native modules, Temporal server, models, disk, memory) and suggest fixes.',
    load: async () => (await import('./doctor.js')).doctorCommand(),
  },
}

/** Runs one command line. Sets the exit code: 0 done, 1 error, 2 wrong usage; commands may set others (see `run --help`). */
export async function main(argv: readonly string[]): Promise<void> {
  const [, , name = '', about = ''] = argv
  endOnOutsideFaults(name)
  try {
    refuseFewAddresses(name)
    const program = await buildProgram(name === 'help' ? about : name)
    await program.parseAsync([...argv])
  } catch (error) {
    fail(error)
  }
}

/** `npm start`: `run`, of the quickstart where no config is given. */
export async function start(argv: readonly string[]): Promise<void> {
  const { operands } = (await import('./run.js')).runCommand().parseOptions(argv.slice(2))
  await main([...argv.slice(0, 2), 'run', ...(operands.length === 0 ? ['quickstart'] : []), ...argv.slice(2)])
}

/** Commands whose exit code is their verdict: they reach it even if no one reads their output. */
const judging = ['run', 'resume', 'verify', 'merge']

/** Faults that no command can catch: they are emitted or thrown outside of any await. */
function endOnOutsideFaults(command: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `taskvec ... | head` closes the pipe early: that is no error.
    if (error.code === 'EPIPE') {
      if (!judging.includes(command)) process.exit(process.exitCode ?? 0)
      return
    }
    const { message = error.message } = outsideCause(error) ?? {}
    complain(
      `the output is incomplete: ${message}\n  Free some room or name another file, and run the command again: stored results are kept and not computed again.`,
    )
    process.exit(1)
  })
  // Lines that cannot be written are lost; the work continues.
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

/** The program with the command `only` loaded, the others by name; without `only`, with all of them. */
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
  $ taskvec run quickstart                   run a sweep: server, worker, results table
  $ taskvec resume                           resume the latest unfinished sweep
  $ taskvec results --table layers           accuracy by layer of the latest sweep
  $ taskvec predict --task linguistic_present_simple_past_simple --layer 20 --query take`,
    )
  const known = Object.keys(commands)
  for (const [name, { does, load }] of Object.entries(commands)) {
    const wanted = name === only || only === undefined
    program.addCommand(inheritSettings((wanted ? await load() : new Command(name)).description(does)))
  }
  if (only && !only.startsWith('-') && !(only in commands)) {
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
