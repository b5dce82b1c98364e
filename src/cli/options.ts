import { InvalidArgumentError, Option, type Command } from 'commander'
import { relative, resolve } from 'node:path'
import { shellWord } from '../domain/shell-word.js'
import { defaultDatabase, expanded } from '../system/home.js'
import { parseBytes } from '../domain/bytes.js'
import { devices, numericsModes } from '../domain/numerics.js'
import { didYouMean } from '../domain/did-you-mean.js'
import { scorings, type PromptTemplate, type ScoringRule } from '../domain/types.js'
import { builtinTemplates } from '../prompt/templates.js'
import { parseRule } from '../tasks/scoring.js'
import type { Columns } from '../tasks/columns.js'

/** Options that several commands share. */
export function dbOption(): Option {
  return new Option('--db <file>', 'the results database')
    .default(defaultDatabase(), '.taskvec/taskvec.db')
    .argParser((file: string) => resolve(expanded(file)))
}

export function enginesOption(): Option {
  return new Option(
    '--engines <n>',
    'maximum number of engine processes (default: one per core, as memory allows)',
  ).argParser(wholeNumber(1))
}

export function memoryLimitOption(): Option {
  return new Option(
    '--memory-limit <size>',
    'memory for all engine processes together, e.g. 8GB; models that need more are streamed from disk block by block (default: all memory of the machine or container)',
  ).argParser((text: string) => {
    const bytes = parseBytes(text)
    if (bytes !== null) return bytes
    throw new InvalidArgumentError('It must be a size such as 8GB or 1500MB.')
  })
}

export function elsewhereOption(): Option {
  return new Option(
    '--elsewhere <ids>',
    'models to compute on other machines (ids, comma-separated, or all); the sweep waits for workers that have them',
  ).argParser((text: string) => text.split(',').map((id) => id.trim()))
}

export function logFormatOption(): Option {
  return new Option('--log-format <format>', 'log format on stderr').choices(['text', 'json']).default('text')
}

export function metricsOption(): Option {
  return new Option(
    '--metrics <host:port>',
    'serve Prometheus metrics of workers and engines at this address (default: off)',
  ).argParser((text: string) => {
    if (/^[^\s:/]+:\d{1,5}$/.test(text)) return text
    throw new InvalidArgumentError('It must be HOST:PORT, such as 127.0.0.1:9464.')
  })
}

export function numericsOption(): Option {
  return new Option('--numerics <mode>', 'numerics of the forward passes; all modes but f32 are approximate')
    .choices([...numericsModes])
    .default('f32')
}

export function deviceOption(): Option {
  return new Option('--device <device>', 'device of the forward passes').choices([...devices]).default('cpu')
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `, at least ${least}` : ` from ${least} to ${most}`
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a whole number${range}.`)
  }
}

export function scoringRule(text: string): ScoringRule {
  const rule = parseRule(text)
  if (rule !== null) return rule
  throw new InvalidArgumentError(
    `It must be ${scorings.join(', ')}, "f1 0.8", "chrf 0.8" or "regex EXPRESSION".`,
  )
}

/** Columns of a user's list, under the same names as in a config. */
export function columnsOption(): Option {
  return new Option(
    '--columns <input,answer>',
    "the list's columns or keys, by name or 1-based number, if they are not recognised",
  ).argParser((text: string): Columns => {
    const column = (name: string) => (/^[1-9]\d*$/.test(name.trim()) ? Number(name) : name.trim())
    const given = text.split(',')
    const splits = given.filter((name) => name.startsWith('split='))
    const [input, answer, accept, ...rest] = given.filter((name) => !splits.includes(name)).map(column)
    const [split] = splits.map((name) => column(name.slice('split='.length)))
    const ofSplit = split ? { split } : {}
    if (rest.length === 0 && splits.length < 2) {
      if (input && answer) return { input, answer, ...(accept ? { accept } : {}), ...ofSplit }
      if (input === undefined && split) return ofSplit
    }
    throw new InvalidArgumentError(
      'It must be two names or numbers, such as word,translation or 2,3, and optionally split=NAME for the column of splits.',
    )
  })
}

/** `--prompt`: a built-in template. */
export function builtinPromptOption(): Option {
  const names = builtinTemplates.map(({ id }) => id)
  return new Option('--prompt <name>', `prompt template: ${names.join(', ')} (default: arrow)`).argParser(
    (name: string): PromptTemplate => {
      const found = builtinTemplates.find(({ id }) => id === name)
      if (found) return found
      throw new InvalidArgumentError(
        `"${name}" is not a prompt${didYouMean(name, names) || '.'} The prompts: ${names.join(', ')}.`,
      )
    },
  )
}

/** How to reach an existing Temporal server. Each option overrides its environment variable. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--address <host:port>', 'address of an existing Temporal server (default: TEMPORAL_ADDRESS)')
    .option('--namespace <name>', 'its namespace (default: TEMPORAL_NAMESPACE, else default)')
    .option('--tls', 'use TLS (TEMPORAL_TLS)')
    .option('--tls-cert <file>', 'client certificate, PEM (TEMPORAL_TLS_CLIENT_CERT_PATH)', expanded)
    .option('--tls-key <file>', 'client key, PEM (TEMPORAL_TLS_CLIENT_KEY_PATH)', expanded)
    .option(
      '--tls-ca <file>',
      "the server's CA certificate, PEM (TEMPORAL_TLS_SERVER_CA_CERT_PATH)",
      expanded,
    )
    .option(
      '--tls-server-name <name>',
      "expected name in the server's certificate (TEMPORAL_TLS_SERVER_NAME)",
    )
    .option('--api-key-file <file>', 'file that holds the API key (default: TEMPORAL_API_KEY)', expanded)
    .option(
      '--payload-key-file <file>',
      'file with the key that encrypts payloads; every process needs the same one (TASKVEC_PAYLOAD_KEY_FILE)',
      expanded,
    )
}

/** The `--db` option that a suggested command needs to find the same database; '' for the default one. */
export function databaseOption(db: string): string {
  return db === defaultDatabase() ? '' : ` --db ${shellWord(shorter(db))}`
}

function shorter(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere !== '' && fromHere.length < path.length ? fromHere : path
}
