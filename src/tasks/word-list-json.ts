import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/nearest.js'
import type { Row } from './word-list-file.js'

/** Entries of a JSON word list with their lines. JSON is YAML too, and the YAML parser keeps positions. */
export function jsonRows(file: string, text: string): Row[] {
  assertJson(file, text)
  const counter = new LineCounter()
  const { contents } = parseDocument(text, { schema: 'json', lineCounter: counter, uniqueKeys: false })
  const lineOf = (node: unknown) => counter.linePos((node as Node | null)?.range?.[0] ?? 0).line
  const fail = (node: unknown, message: string) =>
    new TaskvecError('CONFIG', `${file}:${lineOf(node)}: ${message}`)

  if (isMap(contents)) {
    return contents.items.map(({ key, value }) => ({
      line: lineOf(key),
      cells: [textOf(key, fail), ...texts(value, fail)],
    }))
  }
  if (isSeq(contents)) {
    return contents.items.map((entry) => ({
      line: lineOf(entry),
      cells: isMap(entry) ? named(entry.items, fail) : texts(entry, fail),
    }))
  }
  throw fail(contents, 'must be a map {"x": "y"} or a list of {input, answer, accept}')
}

type Fail = (node: unknown, message: string) => TaskvecError

function named(items: readonly { key: unknown; value: unknown }[], fail: Fail): string[] {
  const keys = ['input', 'answer', 'accept']
  const values = new Map<string, string[]>()
  for (const { key, value } of items) {
    const name = textOf(key, fail)
    if (!keys.includes(name)) throw fail(key, `unknown key "${name}"${didYouMean(name, keys)}`)
    values.set(name, texts(value, fail))
  }
  return [values.get('input')?.[0] ?? '', ...(values.get('answer') ?? ['']), ...(values.get('accept') ?? [])]
}

function texts(node: unknown, fail: Fail): string[] {
  return isSeq(node) ? node.items.map((item) => textOf(item, fail)) : [textOf(node, fail)]
}

function textOf(node: unknown, fail: Fail): string {
  if (isScalar(node) && typeof node.value === 'string') return node.value
  throw fail(node, 'a string, or a list of strings, is expected here')
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
