/**
 * What reading a large database takes: every table of `taskvec results` in every format, `status`, `compare`, and the queries
 * of docs/querying.md, each as a command of its own. Wall and processor seconds, and peak memory, as JSON.
 * Usage: npx tsx bench/results-speed.ts FILE [ONLY], FILE by bench/large-database.ts or bench/scale.ts; ONLY: commands with this in
 * their names, "sql" for the queries.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../src/system/home.js'
import { formats } from '../src/report/text-format.js'
import { tableNames } from '../src/report/result-rows.js'

const [db, only = ''] = process.argv.slice(2)
if (!db) throw new Error('Usage: npx tsx bench/results-speed.ts FILE [ONLY]')
const folder = mkdtempSync(join(tmpdir(), 'taskvec-speed-'))
const bin = join(projectRoot(), 'bin', 'taskvec.js')
/** Said by the command itself when it ends. */
const usage =
  'data:text/javascript,process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("USAGE "+(u.userCPUTime+u.systemCPUTime)/1e6+" "+u.maxRSS/1024)})'

const questions = [
  ...readFileSync(join(projectRoot(), 'docs', 'querying.md'), 'utf8').matchAll(
    /\*\*(\d+)\. [^]*?\*\*\n```sql\n([^]*?)```/g,
  ),
]
const commands: (readonly [name: string, args: readonly string[]])[] = [
  ...tableNames.flatMap((table) =>
    formats.map((format): [string, string[]] => [
      `results --table ${table} --format ${format}`,
      [
        ...['results', '--table', table, '--format', format],
        ...(format === 'parquet' ? ['--out', join(folder, 'rows.parquet')] : []),
      ],
    ]),
  ),
  ['status', ['status']],
  ['compare', ['compare']],
  ['compare --table layers', ['compare', '--table', 'layers']],
  ...questions.map(([, number, sql]) => [`sql, question ${number ?? ''}`, ['sql', sql ?? '']] as const),
]

const measured = []
for (const [command, args] of commands.filter(([name]) => name.includes(only))) {
  // A file of its own, as > FILE gives: a pipe to this process would be measured too.
  const out = openSync(join(folder, 'out'), 'w')
  const started = performance.now()
  const { stderr, status: exitCode } = spawnSync(
    process.execPath,
    ['--import', usage, bin, ...args, '--db', db],
    { stdio: ['ignore', out, 'pipe'], encoding: 'utf8' },
  )
  closeSync(out)
  const wallSeconds = (performance.now() - started) / 1000
  const [, cpuSeconds, megabytes] = /USAGE (\S+) (\S+)/.exec(stderr) ?? []
  const row = {
    command,
    exitCode,
    wallSeconds: Number(wallSeconds.toFixed(2)),
    cpuSeconds: Number(Number(cpuSeconds).toFixed(2)),
    peakMB: Math.round(Number(megabytes)),
  }
  measured.push(row)
  process.stderr.write(`${JSON.stringify(row)}\n`)
}
rmSync(folder, { recursive: true })
const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, load: loadavg()[0] }
process.stdout.write(`${JSON.stringify({ node: process.versions.node, machine, measured }, null, 1)}\n`)
