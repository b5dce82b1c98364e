import { Command } from 'commander'
import { configFile, configNames } from '../config/config-file.js'
import { readListsAhead } from '../config/lists-ahead.js'
import { loadSweeps } from '../config/load.js'
import { modelCatalog } from '../models/catalog.js'
import { logAs, say } from '../system/log.js'
import { performGroup } from './perform-group.js'
import { printPlan } from './print-plan.js'
import { addSweepOptions, type SweepCommandOptions } from './sweep-command.js'

interface RunOptions extends SweepCommandOptions {
  readonly set?: string[]
  readonly dryRun?: boolean
}

function collected(one: string, before: readonly string[] = []): string[] {
  return [...before, one]
}

/** `taskvec run CONFIG`. */
export function runCommand(): Command {
  const command = new Command('run')
    .argument(
      '<config>',
      `path of a YAML config, or the name of one that comes with taskvec: ${configNames().join(', ')}`,
    )
    .option(
      '--set <key=value>',
      'override a key of the config; the value is YAML; may be repeated',
      collected,
    )
    .option('--dry-run', 'run nothing; print settings, cells, download size and estimated time')
    .addHelpText(
      'after',
      `
Running the same config again resumes the sweep where it left off and retries
its failures. Exit codes: 0 every cell done, 1 error, 2 usage error, 3 some
tasks failed, 4 cancelled, 130 interrupted (taskvec resume continues it).

Examples:
  $ taskvec run quickstart
  $ taskvec run my.yaml --db results.db --engines 1
  $ taskvec run quickstart --set demonstrations=[1,5,10] --set models=smollm2-135m-q4 --dry-run
  $ TEMPORAL_ADDRESS=localhost:7233 taskvec run my.yaml`,
    )
    .action(async (file: string, options: RunOptions) => {
      const known = modelCatalog().map(({ id }) => id)
      logAs(options.logFormat)
      const config = configFile(file)
      const ahead = await readListsAhead(config, options.set ?? [], {
        report: (event) => event.kind === 'step' && say(event.text, { event: 'download' }),
        signal: new AbortController().signal,
      })
      const sweeps = loadSweeps(config, known, options.elsewhere, options.set, ahead)
      for (const note of sweeps[0]?.notes ?? []) say(`warning: ${note}`, { event: 'warning' })
      if (options.dryRun) return printPlan(sweeps, options.json)
      await performGroup(sweeps, { ...options, retryFailed: true })
    })
  return addSweepOptions(command)
}
