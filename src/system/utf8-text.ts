import { readFileSync } from 'node:fs'
import { TaskvecError } from '../domain/errors.js'

/** A file's text, without a byte order mark. Errors: CONFIG if it is not UTF-8, which would be read as other characters. */
export function utf8Text(file: string, hint = 'Save it as UTF-8.'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new TaskvecError('CONFIG', `${file}: not UTF-8 text`, { cause, hint })
  }
}
