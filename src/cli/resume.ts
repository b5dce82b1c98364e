import { Command } from 'commander'
import { groupOf, sweepId, type SweepConfig } from '../config/sweep-config.js'
import { TaskvecError } from '../domain/errors.js'
import { openReadOnly } from '../store/open.js'
import { findSweep, listSweeps, type SweepSummary } from '../store/sweeps.js'
import { say } from '../system/log.js'
import { performGroup } from './perform-group.js'
import { addSweepOptions, type SweepCommandOptions } from './sweep-command.js'

/** `taskvec resume [SWEEP]`. */
export function resumeCommand(): Command {
  const command = new Command('resume')
    .argument('[sweep]', 'id, name or group (default: the latest incomplete sweep, else the latest)')
    .option('--retry-failed', 'also retry tasks that failed for good (default: skip them)')
    .addHelpText(
      'after',
      `
If the config has several settings, all incomplete ones are resumed; the id of a
sweep resumes that sweep only. Exit codes: see taskvec run --help.

Examples:
  $ taskvec resume
  $ taskvec resume --retry-failed
  $ taskvec resume quickstart --db results.db`,
    )
    .action(async (wanted: string | undefined, options: SweepCommandOptions) => {
      const sweeps = storedConfigs(options.db, wanted)
      if (sweeps.length === 0) return say('All settings of the group are complete.')
      await performGroup(sweeps, options)
    })
  return addSweepOptions(command)
}

/** The sweep itself if `wanted` is its id; else all incomplete settings of its group, including those not started. */
function storedConfigs(db: string, wanted: string | undefined): SweepConfig[] {
  using reader = openReadOnly(db)
  const all = listSweeps(reader)
  const unfinished =
    all.find(({ status }) => status !== 'complete') ?? all.find(({ config }) => hasUnstarted(config, all))
  const sweep = findSweep(reader, wanted ?? unfinished?.id)
  const config = storedConfig(sweep)
  if (!config.settings || wanted === sweep.id) return [config]
  const complete = new Set(all.flatMap(({ id, status }) => (status === 'complete' ? [id] : [])))
  return groupOf(config).filter((setting) => !complete.has(sweepId(setting)))
}

/** Errors: STORE if it is not a config that `run` wrote, since a database may come from anywhere. */
function storedConfig({ id, config }: SweepSummary): SweepConfig {
  const stored = JSON.parse(config) as Partial<SweepConfig>
  const whole = [stored.models, stored.tasks, stored.experiments].every((list) => Array.isArray(list))
  if (whole && typeof stored.protocol === 'object') return stored as SweepConfig
  throw new TaskvecError(
    'STORE',
    `sweep ${id}: its stored config lacks models, tasks, experiments or protocol`,
    { hint: 'Run it again from its config file: taskvec run CONFIG' },
  )
}

/** Whether some settings of its group have not started, as after a kill between two of them. */
function hasUnstarted(config: string, all: readonly SweepSummary[]): boolean {
  const known = new Set(all.map(({ id }) => id))
  return groupOf(JSON.parse(config) as SweepConfig).some((setting) => !known.has(sweepId(setting)))
}
