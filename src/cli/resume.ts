import { Command } from 'commander'
import type { SweepConfig } from '../config/sweep-config.js'
import { openReadOnly } from '../store/open.js'
import { findSweep, listSweeps } from '../store/sweeps.js'
import { addSweepOptions, performSweep, type SweepCommandOptions } from './sweep-command.js'

/** `taskvec resume [SWEEP]`. */
export function resumeCommand(): Command {
  const command = new Command('resume')
    .argument('[sweep]', 'id or name (default: the latest that is not complete, else the latest)')
    .option('--retry-failed', 'also retry tasks that failed for good (default: leave them)')
    .addHelpText(
      'after',
      `
Exit codes: see taskvec run --help.

Examples:
  $ taskvec resume
  $ taskvec resume --retry-failed
  $ taskvec resume quickstart --db results.db`,
    )
    .action(async (wanted: string | undefined, options: SweepCommandOptions) => {
      await performSweep(storedConfig(options.db, wanted), options)
    })
  return addSweepOptions(command)
}

function storedConfig(db: string, wanted: string | undefined): SweepConfig {
  const reader = openReadOnly(db)
  try {
    const unfinished = listSweeps(reader).find(({ status }) => status !== 'complete')
    return JSON.parse(findSweep(reader, wanted ?? unfinished?.id).config) as SweepConfig
  } finally {
    reader.close()
  }
}
