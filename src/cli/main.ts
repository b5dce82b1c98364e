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

/** Each command's description and module, which is imported only when the command is used: the Temporal SDK alone takes a second to load. */
export const commands: Record<string, { does: string; load: () => Promise<Command> }> = {
  run: {
    does: 'Run a sweep: start server and workers, compute what is not stored yet, print the results table.',
    load: async () => (await import('./run.js')).runCommand(),
  },
  resume: {
    does: 'Resume a sweep after Ctrl-C, a crash or a cancellation. Its config is in the database.',
    load: async () => (await import('./resume.js')).resumeCommand(),
  },
  status: {
    does: 'Show cells done per model and task, and failures; works while a sweep runs.',
    load: async () => (await import('./status.js')).statusCommand(),
  },
  cancel: {
    does: 'Stop a running sweep. Stored results are kept; taskvec resume continues it.',
    load: async () => (await import('./cancel.js')).cancelCommand(),
  },
  results: {
    does: 'Print results of a sweep: the paper’s tables, those of further experiments, or every prediction.',
    load: async () => (await import('./results.js')).resultsCommand(),
  },
  compare: {
    does: 'Compare each accuracy of a sweep with the published one or another sweep’s, and give a verdict.',
    load: async () => (await import('./compare.js')).compareCommand(),
  },
  report: {
    does: 'Write all figures and tables of a sweep as one HTML page and as separate files.',
    load: async () => (await import('./report.js')).reportCommand(),
  },
  verify: {
    does: 'Check the database for consistency, and recompute a sample of its results with the models.',
    load: async () => (await import('./verify.js')).verifyCommand(),
  },
  merge: {
    does: 'Merge the results of other databases into one by key; nothing stored is overwritten.',
    load: async () => (await import('./merge.js')).mergeCommand(),
  },
  backup: {
    does: 'Copy the results database into one file, even while a sweep writes to it.',
    load: async () => (await import('./backup.js')).backupCommand(),
  },
  sql: {
    does: 'Run one read-only SQL statement on the results database; docs/schema.md describes its tables and views.',
    load: async () => (await import('./sql.js')).sqlCommand(),
  },
  models: {
    does: 'List, fetch or verify models.',
    load: async () => (await import('./models.js')).modelsCommand(),
  },
  tasks: {
    does: 'List tasks, show their pairs and sources, check a word list.',
    load: async () => (await import('./tasks.js')).tasksCommand(),
  },
  vectors: {
    does: 'List and export the task vectors θ of a sweep, and import vectors from other tools.',
    load: async () => (await import('./vectors.js')).vectorsCommand(),
  },
  predict: {
    does: "Predict a prompt's next token, with or without patched vectors, or answer a query with a task vector θ alone.",
    load: async () => (await import('./predict.js')).predictCommand(),
  },
  worker: {
    does: 'Run forward passes for sweeps of another process or machine, without access to their database.',
    load: async () => (await import('./worker.js')).workerCommand(),
  },
  serve: {
    does: 'Serve a local, read-only page of progress, accuracies, curves, items and failures, or predictions as JSON.',
    load: async () => (await import('./serve.js')).serveCommand(),
  },
  workers: {
    does: "List the workers that serve a sweep's models: content hash, engines, memory, device, last seen.",
    load: async () => (await import('./workers.js')).workersCommand(),
  },
  bench: {
    does: 'Time a whole task on the same items: the wavefront on one and two cores, approximate numerics, the plain route, and PyTorch methods.',
    load: async () => (await import('./bench.js')).benchCommand(),
  },
  doctor: {
    does: 'Check this machine (Node, native modules, Temporal server, models, disk, memory) and suggest fixes.',
    load: async () => (await import('./doctor.js')).doctorCommand(),
  },
}

/** Runs one command line. Sets the exit code: 0 success, 1 error, 2 usage error; commands may set others (see `run --help`). */
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

/** Commands whose exit code is a verdict: they run to the end even if nobody reads their output. */
const judging = ['run', 'resume', 'verify', 'merge']

/** Handles errors that no command can catch, since they are emitted or thrown outside any await. */
function endOnOutsideFaults(command: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `taskvec ... | head` closes the pipe early, which is not an error.
    if (error.code === 'EPIPE') {
      if (!judging.includes(command)) process.exit(process.exitCode ?? 0)
      return
    }
    const { message = error.message } = outsideCause(error) ?? {}
    complain(
      `the output is incomplete: ${message}\n  Free some space or choose another file, then run the command again: stored results are kept.`,
    )
    process.exit(1)
  })
  // Lines that cannot be written are lost; the work continues.
  process.stderr.on('error', () => {})
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', (error) => {
    // From Node's HTTP client, which few commands need; those get the error where they use it.
    if (error instanceof RangeError && /WebAssembly/.test(error.message)) return
    fail(error)
  })
}

/** Exits, so that nothing left running after an error, such as native threads, keeps the process alive. */
function fail(error: unknown): void {
  process.exitCode = report(error)
  if (process.exitCode !== 0) process.exit()
}

/** The program. Only the command `only` is imported, the others are stubs; without `only`, all are. */
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
  $ taskvec run quickstart                   run a sweep and print its results
  $ taskvec resume                           resume the latest unfinished sweep
  $ taskvec results --table layers           print accuracy by layer of the latest sweep
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

/** Makes commander throw on usage errors instead of exiting, so that only `main` sets exit codes. */
function inheritSettings(command: Command): Command {
  command.exitOverride()
  for (const child of command.commands) inheritSettings(child)
  return command
}

function report(error: unknown): number {
  // --help and --version throw too; commander has already printed everything.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const { code } = error as { code?: unknown }
  const fromSqlite = typeof code === 'string' && code.startsWith('SQLITE_')
  complain(describeError(fromSqlite ? storeError('the database', error) : error))
  return error instanceof TaskvecError && error.code === 'USAGE' ? 2 : 1
}
