import { stripVTControlCharacters } from 'node:util'
import { pino, type Logger } from 'pino'

/** What a line is about; a program that reads the log selects by these. */
export interface LogFields {
  readonly sweep?: string
  readonly model?: string
  readonly task?: string
  readonly [name: string]: unknown
}

let json: Logger | null = null
let always: LogFields = {}

/**
 * This process's lines on stderr from now on: for people (the default), or JSON Lines for programs, each with `level`, `time`
 * (ISO 8601), `msg` and its fields. `fields`: of every line.
 */
export function logAs(format: 'text' | 'json', fields: LogFields = {}): void {
  always = { ...always, ...fields }
  json = format === 'json' ? jsonLines() : null
}

function jsonLines(): Logger {
  const stderr = pino.destination({ dest: 2, sync: true })
  // Lines that cannot be written are lost; the work continues.
  stderr.on('error', () => {})
  return pino(
    {
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    stderr,
  )
}

export function logsJson(): boolean {
  return json !== null
}

/** A line; `fields` are seen in JSON only. */
export function say(text: string, fields: LogFields = {}): void {
  const message = stripVTControlCharacters(text).trim()
  if (json) json.info({ ...always, ...fields }, message)
  else process.stderr.write(`${text}\n`)
}

/** A line that says why the command did not succeed. */
export function complain(text: string, fields: LogFields = {}): void {
  if (json) json.error({ ...always, ...fields }, stripVTControlCharacters(text).trim())
  else process.stderr.write(`error: ${text}\n`)
}
