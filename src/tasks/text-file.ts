import { readFileSync, statSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'

/** Word lists and items are text that people wrote; larger files are something else. */
const maxFileBytes = 50_000_000

/** Errors: CONFIG where the file is missing, too large or not UTF-8. */
export function readTextFile(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found?.isFile()) throw new TaskvecError('CONFIG', `${file}: ${found ? 'not a file' : 'no such file'}`)
  if (found.size > maxFileBytes)
    throw new TaskvecError('CONFIG', `${file}: ${found.size} bytes; at most ${maxFileBytes} are read`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    throw new TaskvecError('CONFIG', `${file}: not UTF-8 text`, { cause })
  }
}
