import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/did-you-mean.js'
import type { LineProblem } from './text-file.js'
import type { Row, Rows } from './word-list-file.js'

/**
 * Entries of a JSON word list with their lines. JSON is YAML too, and the YAML parser keeps positions.
 * Errors: CONFIG where it isn't JSON.
 */
export function jsonRows(file: string, text: string): Rows {
  assertJson(file, text)
  const counter = new LineCounter()
  const { contents } = parseDocument(text, { schema: 'json', lineCounter: counter, uniqueKeys: false })
  const lineOf = (node: unknown) => counter.linePos((node as Node | null)?.range?.[0] ?? 0).line
  const problems: LineProblem[] = []
  const wrong: Wrong = (node, text) => problems.push({ line: lineOf(node), text })

  const rows: Row[] = []
  /** An entry that has a problem is no row. */
  const add = (node: unknown, read: () => string[]) => {
    const before = problems.length
    const cells = read()
    if (problems.length === before) rows.push({ line: lineOf(node), cells })
  }
  if (isMap(contents))
    for (const { key, value } of contents.items) add(key, () => [textOf(key, wrong), ...texts(value, wrong)])
  else if (isSeq(contents))
    for (const entry of contents.items)
      add(entry, () => (isMap(entry) ? named(entry.items, wrong) : texts(entry, wrong)))
  else wrong(contents, 'must be a map {"x": "y"} or a list of {input, answer, accept}')
  return { rows, problems }
}

type Wrong = (node: unknown, text: string) => void

function named(items: readonly { key: unknown; value: unknown }[], wrong: Wrong): string[] {
  const keys = ['input', 'answer', 'accept']
  const values = new Map<string, string[]>()
  for (const { key, value } of items) {
    const name = textOf(key, wrong)
    if (keys.includes(name)) values.set(name, texts(value, wrong))
    else wrong(key, `unknown key "${name}"${didYouMean(name, keys)}`)
  }
  return [values.get('input')?.[0] ?? '', ...(values.get('answer') ?? ['']), ...(values.get('accept') ?? [])]
}

function texts(node: unknown, wrong: Wrong): string[] {
  return isSeq(node) ? node.items.map((item) => textOf(item, wrong)) : [textOf(node, wrong)]
}

function textOf(node: unknown, wrong: Wrong): string {
  if (isScalar(node) && typeof node.value === 'string') return node.value
  wrong(node, 'a string, or a list of strings, is expected here')
  return ''
}

function assertJson(file: string, text: string): void {
  try {
    JSON.parse(text)
  } catch (cause) {
    const { message } = cause as Error
    // Older versions of Node give the offset only.
    const offset = /at position (\d+)/.exec(message)?.[1]
    const line = offset === undefined ? '' : `:${text.slice(0, Number(offset)).split('\n').length}`
    throw new TaskvecError('CONFIG', `${file}${line}: not JSON: ${message}`, { cause })
  }
}
