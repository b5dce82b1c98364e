import { Command } from 'commander'
import { configFile, configNames } from '../config/config-file.js'
import { loadSweeps } from '../config/load.js'
import { modelCatalog } from '../models/catalog.js'
import { logAs, say } from '../system/log.js'
import { databaseOption } from './options.js'
import { addSweepOptions, performSweep, type SweepCommandOptions } from './sweep-command.js'

/** `taskvec run CONFIG`. */
export function runCommand(): Command {
  const command = new Command('run')
    .argument('<config>', `a YAML config, or one that comes with taskvec: ${configNames().join(', ')}`)
    .addHelpText(
      'after',
      `
Running the same config again resumes the sweep where it left off and retries its failures. Exit codes: 0 every cell done, 1 error, 2 wrong
usage, 3 some tasks failed, 4 cancelled, 130 interrupted (taskvec resume continues).

Examples:
  $ taskvec run quickstart
  $ taskvec run my.yaml --db results.db --engines 1
  $ TEMPORAL_ADDRESS=localhost:7233 taskvec run my.yaml      on an existing Temporal server`,
    )
    .action(async (file: string, options: SweepCommandOptions) => {
      const known = modelCatalog().map(({ id }) => id)
      const sweeps = loadSweeps(configFile(file), known, options.elsewhere)
      logAs(options.logFormat)
      for (const note of sweeps[0]?.notes ?? []) say(`warning: ${note}`, { event: 'warning' })
      for (const sweep of sweeps) {
        await performSweep(sweep, { ...options, retryFailed: true })
        if (process.exitCode === 130) return
      }
      const group = sweeps[0]?.group
      if (group !== undefined)
        say(
          `\n${sweeps.length} seeds, a sweep each: npx taskvec results ${group} --seeds${databaseOption(options.db)}   their means and spread; also with --table layers`,
        )
    })
  return addSweepOptions(command)
}
