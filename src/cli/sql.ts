import { Command, InvalidArgumentError, Option } from 'commander'
import { writeRows } from '../report/formats.js'
import { textFormats, type TextFormat } from '../report/text-format.js'
import { runQuery } from '../store/sql-child-process.js'
import { dbOption, wholeNumber } from './options.js'
import { toStdout } from './stdout.js'

interface SqlOptions {
  db: string
  limit: number
  timeout: number
  format: TextFormat
  json?: boolean
}

/** `taskvec sql "SELECT ..."`. */
export function sqlCommand(): Command {
  return new Command('sql')
    .argument('<statement>', 'SELECT, WITH, VALUES or EXPLAIN')
    .option('--limit <n>', 'maximum number of rows', wholeNumber(1), 1000)
    .option('--timeout <seconds>', 'stop the query after this time', seconds, 30)
    .addOption(new Option('--format <format>', 'output format').choices([...textFormats]).default('table'))
    .option('--json', 'the same as --format json')
    .addOption(dbOption())
    .addHelpText(
      'after',
      `
Examples:
  $ taskvec sql "SELECT task, hypothesis, regular FROM results ORDER BY hypothesis DESC"
  $ taskvec sql "SELECT layer, avg(accuracy) FROM layers GROUP BY layer" --format csv
  $ taskvec sql "SELECT name, sql FROM sqlite_master WHERE type = 'view'" --json`,
    )
    .action(async (statement: string, { db, limit, timeout, format, json }: SqlOptions) => {
      const { columns, rows, more } = await runQuery({ db, statement, limit, timeoutMs: timeout * 1000 })
      writeRows(rows, columns, json ? 'json' : format, toStdout)
      if (more) process.stderr.write(`Only the first ${limit} rows are shown; use --limit N to see more.\n`)
    })
}

function seconds(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= 86_400) return value
  throw new InvalidArgumentError('It must be a number of seconds, above 0 and at most 86400.')
}
