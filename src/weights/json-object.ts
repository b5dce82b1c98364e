import { isUtf8 } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { TaskvecError, type ErrorCode } from '../domain/errors.js'

/** Reads a JSON object. Throws `code` if the file is missing, not regular, larger than `maxBytes` or not a JSON object. */
export function readObject(file: string, maxBytes: number, code: ErrorCode): Record<string, unknown> {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) throw new TaskvecError(code, `${file}: ${stat ? 'not a regular file' : 'missing'}`)
  if (stat.size > maxBytes)
    throw new TaskvecError(code, `${file}: ${stat.size} bytes; at most ${maxBytes} are allowed`)
  const bytes = readFileSync(file)
  if (!isUtf8(bytes)) throw new TaskvecError(code, `${file}: not UTF-8 text`)
  return parseObject(file, bytes.toString(), code)
}

export function parseObject(
  path: string,
  text: string,
  code: ErrorCode = 'WEIGHTS',
): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new TaskvecError(code, `${path}: not JSON: ${(cause as Error).message}`, { cause })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new TaskvecError(code, `${path}: not a JSON object`)
  return value as Record<string, unknown>
}
