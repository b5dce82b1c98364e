import { statSync } from 'node:fs'
import {
  isMap,
  isNode,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLParseError,
} from 'yaml'
import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import { didYouMean } from '../domain/did-you-mean.js'
import { utf8Text } from './utf8-text.js'
import { inWords, keyPath, type Issue } from './zod-issue.js'

/** A config is a few lines; a larger file was given by mistake. */
const maxBytes = 1_000_000
/** Nested aliases can expand without bound. */
const maxAliases = 100

/** A parsed YAML file that knows the position of each value. */
export interface YamlFile {
  readonly file: string
  readonly value: unknown
  /** An error at the position of the value or its nearest parent: `file:line:column: path: message`. */
  error(path: readonly PropertyKey[], message: string, hint?: string): TaskvecError
}

/** Errors: CONFIG if the file is missing, too large or not YAML. */
export function readYaml(file: string): YamlFile {
  const counter = new LineCounter()
  const document = parseDocument(readBounded(file), {
    ...{ lineCounter: counter, uniqueKeys: true },
    // Its warnings would go to stderr without a file name.
    logLevel: 'error',
  })
  const [broken] = document.errors
  if (broken) {
    const { line, col } = counter.linePos(broken.pos[0])
    throw new TaskvecError('CONFIG', `${file}:${line}:${col}: ${notYaml(broken)}`)
  }
  return {
    file,
    value: plainValue(file, document),
    error(path, message, hint) {
      const { line, col } = counter.linePos(positionOf(document, path))
      const where = path.length === 0 ? '' : `${keyPath(path)}: `
      return new TaskvecError('CONFIG', `${file}:${line}:${col}: ${where}${message}`, hint ? { hint } : {})
    },
  }
}

/** The value parsed by the schema. Errors: CONFIG, with one line per problem. */
export function validated<T extends z.ZodObject>(yaml: YamlFile, schema: T): z.infer<T> {
  const result = schema.safeParse(yaml.value)
  if (result.success) return result.data
  // What is not read but computed, as prompts, has no keys there.
  const known = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  const problems = result.error.issues.flatMap((issue) => readable(issue, [], known))
  // Unknown keys first: a misspelt key is often why another one is missing.
  problems.sort((a, b) => Number(b.message.startsWith('unknown')) - Number(a.message.startsWith('unknown')))
  const errors = problems.map(({ path, message }) => yaml.error(path, message).message)
  throw new TaskvecError('CONFIG', errors.join('\n'), { hint: 'docs/settings.md describes the keys.' })
}

interface ConfigProblem {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/** `known`: to suggest the nearest key to a misspelt one. */
function readable(issue: Issue, above: readonly PropertyKey[], known: JsonSchema): ConfigProblem[] {
  const path = [...above, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys': {
      const keys = keysAt(known, path)
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown key "${key}"${didYouMean(key, keys)}`,
      }))
    }
    case 'invalid_union': {
      // Report the branch that matches the value's type; if none does, the union's own message.
      const fitting = fittingBranches(issue)
      const [only] = fitting
      return fitting.length === 1 && only
        ? only.flatMap((inner) => readable(inner, path, known))
        : [{ path, message: issue.message }]
    }
    default:
      return [{ path, message: inWords(issue) }]
  }
}

/** The problems of each branch of a union that takes a value of this type. */
function fittingBranches({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[][] {
  return errors.filter(([first]) => {
    if (!first || first.path.length > 0) return first !== undefined
    if (first.code === 'invalid_union') return fittingBranches(first).length > 0
    return first.code !== 'invalid_type' && first.code !== 'invalid_value'
  })
}

/** The keys that a schema knows at a path, in all branches of its unions. */
function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const { properties = {}, items, anyOf = [], allOf = [] } = schema
  const branches = [...anyOf, ...allOf].flatMap((branch) => keysAt(branch, path))
  const [part, ...rest] = path
  if (part === undefined) return [...Object.keys(properties), ...branches]
  const inner = typeof part === 'number' ? items : properties[String(part)]
  return inner ? [...keysAt(inner, rest), ...branches] : branches
}

function notYaml({ code, message }: YAMLParseError): string {
  // The parser's own words for these address programmers.
  if (code === 'DUPLICATE_KEY') return 'this key is given twice'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here (---), but a file holds one'
  return `not YAML: ${message.split(' at line ', 1)[0] ?? message}`
}

function readBounded(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found?.isFile()) {
    throw new TaskvecError('CONFIG', `${file}: ${found ? 'not a file' : 'no such file'}`, {
      hint: 'taskvec run --help names the configs that come with taskvec.',
    })
  }
  if (found.size > maxBytes)
    throw new TaskvecError('CONFIG', `${file}: ${found.size} bytes; a config has at most ${maxBytes}`)
  return utf8Text(file)
}

function plainValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch (cause) {
    throw new TaskvecError('CONFIG', `${file}: ${(cause as Error).message}`, { cause })
  }
}

/** Offset of the key at `path` if it is present, else of the value that should hold it. */
function positionOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let position = startOf(node) ?? 0
  for (const part of path) {
    const pair = isMap(node) ? node.items.find(({ key }) => isNode(key) && keyText(key) === part) : undefined
    const next: unknown = pair ? pair.value : isCollectionIndex(node, part)
    if (next === undefined) break
    position = startOf(pair?.key) ?? startOf(next) ?? position
    node = next
  }
  return position
}

function isCollectionIndex(node: unknown, part: PropertyKey): unknown {
  return isNode(node) && 'items' in node && typeof part === 'number'
    ? (node.items as unknown[])[part]
    : undefined
}

function keyText(key: Node): unknown {
  return 'value' in key ? key.value : undefined
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
