import { didYouMean } from '../domain/did-you-mean.js'

/**
 * Which columns (keys, in JSON) of a list hold x, y, further accepted answers, and the split of each pair: by name, or by number
 * from 1. An input or answer that is not given is found by name.
 */
export interface Columns {
  readonly input?: Column | undefined
  readonly answer?: Column | undefined
  readonly accept?: Column | undefined
  readonly split?: Column | undefined
}
export type Column = string | number

/** The same as indices, and which others there are. */
export interface Roles {
  readonly input: number
  readonly answer: number
  readonly accept: readonly number[]
  readonly split?: number | undefined
  readonly unused: readonly string[]
}

/** Why no roles were found: the message, and a suggested `columns:`. */
export interface Unclear {
  readonly text: string
  readonly suggested: Suggested
}
type Suggested = Readonly<Record<'input' | 'answer', Column>>

/** Column names used by public data sets of the field. */
const inputNames = words('input inputs x question query source src prompt text sentence')
const answerNames = words('answer answers output outputs y target targets tgt label completion response')
const acceptNames = words('accept accepted alternatives aliases')

/** Words that head a column more often than they are data. */
const headings = words(
  'id idx index no nr key value word words term phrase translation meaning definition lang language category ' +
    'source_text target_text question_id label_text',
)
/** Words that form a header if the whole line consists of them. */
const topics = words(
  'english french german spanish italian portuguese dutch russian chinese japanese korean arabic hindi latin ' +
    'français deutsch español italiano en fr de es it pt nl ru zh ja ko ar hi la ' +
    'country capital city currency continent landmark person name occupation instrument sport religion product company ' +
    'singular plural present past gerund infinitive verb noun adjective antonym synonym opposite lower upper letter ' +
    'before after from to left right first second',
)

/** Roles by known names; undefined if there are none. */
export function rolesByName(names: readonly string[]): Roles | undefined {
  const input = onlyOf(names, inputNames)
  const answer = onlyOf(names, answerNames)
  if (input === undefined || answer === undefined) return undefined
  return roles(names, { input, answer, accept: indicesOf(names, acceptNames) })
}

/** Roles by the config's names or numbers, or what is wrong with them. */
export function rolesByConfig(names: readonly string[], columns: Columns): Roles | string {
  const wanted = [columns.input, columns.answer, columns.accept, columns.split]
  const missing = wanted.find((column) => column !== undefined && indexOf(names, column) < 0)
  if (missing !== undefined) return missingColumn(names, missing)
  const [input, answer, accept, split] = wanted.map((column) =>
    column === undefined ? undefined : indexOf(names, column),
  )
  const named = { input: input ?? onlyOf(names, inputNames), answer: answer ?? onlyOf(names, answerNames) }
  if (named.input === undefined || named.answer === undefined) {
    const { text, suggested } = unclear(names)
    return `columns: ${text} Add them: ${columnsLine({
      input: columns.input ?? suggested.input,
      answer: columns.answer ?? suggested.answer,
      split: columns.split,
    })}`
  }
  if (named.input === named.answer)
    return `columns: input and answer are both "${columns.input ?? columns.answer}"`
  const byName = input === undefined && answer === undefined
  if (split === named.input || split === named.answer)
    return `columns: split is "${columns.split}", which is the ${split === named.input ? 'input' : 'answer'} too`
  return roles(names, {
    ...{ input: named.input, answer: named.answer },
    accept: accept === undefined ? (byName ? indicesOf(names, acceptNames) : []) : [accept],
    ...(split === undefined ? {} : { split }),
  })
}

/** The question to ask when names do not determine roles. */
export function unclear(names: readonly string[]): Unclear {
  const [input, ...otherInputs] = indicesOf(names, inputNames)
  const [answer, ...otherAnswers] = indicesOf(names, answerNames)
  const several = otherInputs.length > 0 ? 'input' : otherAnswers.length > 0 ? 'answer' : undefined
  const named = names.filter((name) => name !== '')
  const listed = named.map((name) => `"${name}"`).join(', ')
  const text = several
    ? `several of ${listed} may be the ${several}`
    : `which of ${listed} are input and answer?`
  // An identifier is the least likely choice.
  const free = named.filter((name) => !/^(id|idx|index|no|nr|.*_id)$/i.test(name))
  const x = input === undefined ? free.find((name) => name !== names[answer ?? -1]) : names[input]
  const y = answer === undefined ? free.find((name) => name !== x) : names[answer]
  return { text, suggested: { input: x ?? named[0] ?? 1, answer: y ?? named[1] ?? 2 } }
}

/** Whether a first line with unknown names is more likely a header than a pair. */
export function mayBeHeader(first: readonly string[]): boolean {
  const cells = first.map(plain).filter((cell) => cell !== '')
  const known = [inputNames, answerNames, acceptNames, headings]
  // A single letter is more likely part of a pair than of a header.
  const isName = (cell: string) => cell.length > 1 && known.some((names) => names.has(cell))
  if (cells.some((cell) => isName(cell) || /^\p{L}+_\p{L}+$/u.test(cell))) return true
  return cells.length > 0 && cells.every((cell) => topics.has(cell))
}

/** `; did you mean "answer"?` for a name that is nearly a known one, `accept` only if input and answer are known. */
export function misspelt(name: string, found: boolean): string {
  const known = [...acceptNames, ...(found ? [] : [...inputNames, ...answerNames])]
  if (known.includes(plain(name))) return ''
  return didYouMean(name, ['accept', ...(found ? [] : ['input', 'answer', 'output', 'question', 'target'])])
}

/** `columns: {input: a, answer: b}`, as a config has it. */
export function columnsLine({ input, answer, split }: Columns & Suggested): string {
  const written = (column: Column) =>
    typeof column === 'number' || /^[\p{L}_][\p{L}\p{N}_ -]*$/u.test(column)
      ? String(column)
      : JSON.stringify(column)
  const splits = split === undefined ? '' : `, split: ${written(split)}`
  return `columns: {input: ${written(input)}, answer: ${written(answer)}${splits}}`
}

function roles(names: readonly string[], found: Omit<Roles, 'unused'>): Roles {
  const used = [found.input, found.answer, ...found.accept, found.split]
  return { ...found, unused: names.filter((name, i) => name !== '' && !used.includes(i)) }
}

/** The one column with a known name; undefined if none or several have one. */
function onlyOf(names: readonly string[], known: ReadonlySet<string>): number | undefined {
  const [index, second] = indicesOf(names, known)
  return second === undefined ? index : undefined
}

function indexOf(names: readonly string[], column: Column): number {
  if (typeof column === 'number') return column - 1
  const exact = names.indexOf(column)
  return exact >= 0 ? exact : names.map(plain).indexOf(plain(column))
}

function missingColumn(names: readonly string[], column: Column): string {
  const listed = names.map((name) => `"${name}"`).join(', ')
  return `columns: there is no "${column}" among ${listed}${didYouMean(String(column), names)}`
}

function indicesOf(names: readonly string[], known: ReadonlySet<string>): number[] {
  return names.flatMap((name, i) => (known.has(plain(name)) ? [i] : []))
}

function plain(name: string): string {
  return name.trim().toLowerCase()
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}
