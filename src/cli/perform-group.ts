import { join } from 'node:path'
import { hasFurther, sweepId, type SweepConfig } from '../config/sweep-config.js'
import { describeError } from '../domain/errors.js'
import { openReadOnly } from '../store/open.js'
import {
  axes,
  described,
  settingOf,
  settingsOfGroup,
  varies,
  varying as varyingOf,
} from '../store/settings.js'
import { findSweep } from '../store/sweeps.js'
import { say } from '../system/log.js'
import { reportFolder } from './report-folder.js'
import { databaseOption } from './options.js'
import { performSweep, wasStopped, type SweepCommandOptions } from './sweep-command.js'

/** Runs the sweeps of a config one after another; the exit code is the highest of theirs. */
export async function performGroup(
  sweeps: readonly SweepConfig[],
  options: SweepCommandOptions,
): Promise<void> {
  const settings = sweeps.map((sweep) =>
    settingOf({ protocol: sweep.protocol, config: JSON.stringify(sweep) }),
  )
  const varying = axes.filter((axis) => varies(settings, axis))
  const over = varying.filter((axis) => axis !== 'seed')
  let worst = 0
  for (const [i, sweep] of sweeps.entries()) {
    const setting = settings[i]
    if (setting && sweeps.length > 1)
      say(`\nSetting ${i + 1} of ${sweeps.length}: ${described(setting, varying)}`, { sweep: sweepId(sweep) })
    // The group's report has the main experiment only.
    const whole = over.length === 0 || hasFurther(sweep)
    await performSweep(sweep, { ...options, report: options.report && whole })
    const code = Number(process.exitCode ?? 0)
    if (wasStopped(code)) return
    worst = Math.max(worst, code)
  }
  process.exitCode = worst
  const group = sweeps[0]?.group
  if (group === undefined) return
  sayHowToCompare(group, sweeps.length, over, databaseOption(options.db))
  if (options.report && over.length > 0) await writeGroupReport(options.db, group)
}

function sayHowToCompare(group: string, count: number, over: readonly string[], db: string): void {
  if (over.length === 0)
    return say(
      `\n${count} seeds, one sweep each: npx taskvec results ${group} --seeds${db}   mean and standard deviation; also with --table layers`,
    )
  say(`\n${count} settings, one sweep each: npx taskvec results ${group}${db}   all of them`)
  for (const axis of over) say(`      npx taskvec results ${group} --by ${axis}${db}   means by ${axis}`)
}

/** A failure is reported and does not affect the sweeps. */
async function writeGroupReport(db: string, group: string): Promise<void> {
  using reader = openReadOnly(db)
  try {
    const [{ groupReport }, { writeReport }] = await Promise.all([
      import('../report/group-report.js'),
      import('../report/write.js'),
    ])
    const settings = settingsOfGroup(reader, findSweep(reader, group))
    const folder = reportFolder(db, group)
    const { page } = await writeReport(groupReport(reader, settings, varyingOf(settings)), folder)
    say(`Report of all settings: ${join(folder, page)}`)
  } catch (error) {
    say(`The report was not written: ${describeError(error)}\n  To retry: taskvec report ${group}`)
  }
}
