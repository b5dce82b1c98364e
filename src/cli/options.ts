import { InvalidArgumentError, Option } from 'commander'
import { resolve } from 'node:path'
import { defaultDatabase } from '../config/home.js'
import { parseBytes } from '../domain/bytes.js'
import type { Scoring } from '../domain/types.js'

/** Options that several commands share. */
export function dbOption(): Option {
  return new Option('--db <file>', 'the results database')
    .default(defaultDatabase(), '.taskvec/taskvec.db')
    .argParser((file: string) => resolve(file))
}

export function enginesOption(): Option {
  return new Option(
    '--engines <n>',
    'engine processes at most (default: one per core, as memory allows)',
  ).argParser(wholeNumber(1))
}

export function memoryLimitOption(): Option {
  return new Option(
    '--memory-limit <size>',
    'what all engine processes together may hold, for instance 8GB; larger models are read block by block (default: what the machine or container has)',
  ).argParser((text: string) => {
    const bytes = parseBytes(text)
    if (bytes !== null) return bytes
    throw new InvalidArgumentError('it must be a size such as 8GB or 1500MB.')
  })
}

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`it must be a whole number, at least ${least}.`)
  }
}

export function scoringRule(text: string): Scoring {
  if (text === 'exact' || text === 'prefix') return text
  throw new InvalidArgumentError('it must be exact or prefix.')
}
