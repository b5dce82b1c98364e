import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { TaskvecError } from '../domain/errors.js'
import { groupReport } from '../report/group-report.js'
import { paperResults } from '../report/paper-results.js'
import { publishedReport } from '../report/sections/published.js'
import type { Report } from '../figures/section.js'
import { sweepReport } from '../report/sweep-report.js'
import { writeReport } from '../report/write.js'
import { openReadOnly } from '../store/open.js'
import { namedSweeps, namesGroup, settingsOfGroup, varying, type SettingKey } from '../store/settings.js'
import { findSweep } from '../store/sweeps.js'
import { keysOf } from './keys-option.js'
import { dbOption } from './options.js'
import { reportFolder } from './report-folder.js'
import { expanded } from '../system/home.js'

interface ReportOptions {
  db: string
  out?: string
  with?: string
  published?: boolean
  by?: SettingKey[]
  json?: boolean
}

/** `taskvec report [SWEEP ...]`. */
export function reportCommand(): Command {
  return new Command('report')
    .argument('[sweeps...]', 'id, name or group (default: the latest); several: side by side')
    .option('--out <dir>', 'folder to write (default: reports/SWEEP next to the database)', expanded)
    .option('--with <sweep>', 'compare with another sweep instead of the published results')
    .option(
      '--by <keys>',
      'compare a group or several sweeps by demonstrations, models, numerics or other config keys, comma-separated (default: all that vary)',
      keysOf,
    )
    .option('--published', 'report the published results instead of a sweep')
    .option('--json', 'print the list of files written as JSON')
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
The folder holds index.html, which needs no network; figures/ with each figure
as SVG, PNG and CSV; and tables/ with each table as CSV and LaTeX. An older
report there is replaced once the new one is complete; other files are kept.

Examples:
  $ taskvec report
  $ taskvec report smollm2 --out ~/smollm2-report
  $ taskvec report quickstart --with quickstart-42 --json
  $ taskvec report study --by demonstrations
  $ taskvec report smollm2 gemma3 --by models
  $ taskvec report --published --out published`,
    )
    .action(report)
}

async function report(wanted: readonly string[], options: ReportOptions): Promise<void> {
  if (options.published && (wanted.length > 0 || options.with !== undefined || options.by))
    throw new TaskvecError('USAGE', '--published cannot be combined with a sweep, --with or --by')
  const made = options.published
    ? { report: publishedReport(paperResults()), name: 'published' }
    : ofSweep(options, wanted)
  const folder = resolve(options.out ?? reportFolder(options.db, made.name))
  const manifest = await writeReport(made.report, folder)
  const page = join(folder, manifest.page)
  process.stdout.write(
    options.json ? `${JSON.stringify({ folder, ...manifest, page }, null, 2)}\n` : `${page}\n`,
  )
  process.stderr.write(`${manifest.figures.length} figures, ${manifest.tables.length} tables\n`)
}

function ofSweep(
  { db, ...options }: ReportOptions,
  wanted: readonly string[],
): { report: Report; name: string } {
  using reader = openReadOnly(db)
  if (wanted.length > 1) {
    if (options.with !== undefined)
      throw new TaskvecError('USAGE', '--with compares two sweeps: name one, or leave it out')
    const sweeps = namedSweeps(reader, wanted)
    const varied = varying(sweeps)
    const by = options.by ?? (varied.length > 0 ? varied : (['sweep'] as const))
    return { report: groupReport(reader, sweeps, by), name: wanted.join('+') }
  }
  const [name] = wanted
  const sweep = findSweep(reader, name)
  const group = settingsOfGroup(reader, sweep)
  if (options.by || namesGroup(sweep, group, name)) {
    if (options.with !== undefined) throw new TaskvecError('USAGE', '--with compares two sweeps, not a group')
    return { report: groupReport(reader, group, options.by ?? varying(group)), name: sweep.group ?? sweep.id }
  }
  const other = options.with === undefined ? null : findSweep(reader, options.with)
  return { report: sweepReport(reader, sweep, other), name: sweep.id }
}
