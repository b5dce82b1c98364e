import { stripVTControlCharacters } from 'node:util'
import { pino, type Logger } from 'pino'

/** Fields of a log line, by which programs can filter. */
export interface LogFields {
  readonly sweep?: string
  readonly model?: string
  readonly task?: string
  readonly [name: string]: unknown
}

let json: Logger | null = null
let always: LogFields = {}

/**
 * Sets the format of this process's log on stderr: text (the default), or JSON Lines with `level`, `time` (ISO 8601), `msg` and
 * fields. `fields` are added to every line.
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

/** Logs a line; `fields` appear in JSON only. */
export function say(text: string, fields: LogFields = {}): void {
  const message = stripVTControlCharacters(text).trim()
  if (json) json.info({ ...always, ...fields }, message)
  else process.stderr.write(`${text}\n`)
}

/** Logs an error line. */
export function complain(text: string, fields: LogFields = {}): void {
  if (json) json.error({ ...always, ...fields }, stripVTControlCharacters(text).trim())
  else process.stderr.write(`error: ${text}\n`)
}
