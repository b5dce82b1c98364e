import { sweepId, type SweepConfig } from '../config/sweep-config.js'
import { axes, described, settingOf, varies } from '../store/settings.js'
import { say } from '../system/log.js'
import { databaseOption } from './options.js'
import { performSweep, type SweepCommandOptions } from './sweep-command.js'

/** The sweeps of a config, one after the other; ends with the worst of their exit codes. */
export async function performGroup(
  sweeps: readonly SweepConfig[],
  options: SweepCommandOptions,
): Promise<void> {
  const settings = sweeps.map((sweep) =>
    settingOf({ protocol: sweep.protocol, config: JSON.stringify(sweep) }),
  )
  const varying = axes.filter((axis) => varies(settings, axis))
  let worst = 0
  for (const [i, sweep] of sweeps.entries()) {
    const setting = settings[i]
    if (setting && sweeps.length > 1)
      say(`\nSetting ${i + 1} of ${sweeps.length}: ${described(setting, varying)}`, { sweep: sweepId(sweep) })
    await performSweep(sweep, options)
    const code = Number(process.exitCode ?? 0)
    // Interrupted, or cancelled.
    if (code === 130 || code === 4) return
    worst = Math.max(worst, code)
  }
  process.exitCode = worst
  const group = sweeps[0]?.group
  if (group !== undefined) sayHowToCompare(group, sweeps.length, varying, databaseOption(options.db))
}

function sayHowToCompare(group: string, count: number, varying: readonly string[], db: string): void {
  const over = varying.filter((axis) => axis !== 'seed')
  if (over.length === 0)
    return say(
      `\n${count} seeds, a sweep each: npx taskvec results ${group} --seeds${db}   their means and spread; also with --table layers`,
    )
  say(`\n${count} settings, a sweep each: npx taskvec results ${group}${db}   all of them`)
  for (const axis of over) say(`      npx taskvec results ${group} --by ${axis}${db}   means by ${axis}`)
}
