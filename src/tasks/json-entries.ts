import {
  columnsLine,
  misspelt,
  rolesByConfig,
  rolesByName,
  unclear,
  type Columns,
  type Roles,
} from './columns.js'
import { withInner } from './inner-members.js'
import { jsonMembers, type JsonMember, type JsonPlace } from './json-members.js'
import type { LineProblem } from './text-file.js'
import type { Row, Rows } from './word-list-rows.js'

/** Where an entry names its split; no place if it should but does not. */
interface SplitPlace {
  readonly place: JsonPlace | undefined
}

function splitOf(index: number | undefined, members: readonly JsonPlace[]): SplitPlace | undefined {
  return index === undefined ? undefined : { place: members[index] }
}

/** Reads entries one by one; the same problem of many entries is named once, with their number. */
export class EntryReader {
  private readonly rows: Row[] = []
  private readonly problems: LineProblem[] = []
  private readonly unusedKeys = new Set<string>()
  /** By an entry's keys: its roles, or the reported problem and its number of entries. */
  private readonly known = new Map<string, Roles | { problem: LineProblem; entries: number }>()

  constructor(
    private readonly text: string,
    private readonly lineOf: (offset: number) => number,
    private readonly asked: Columns | undefined,
  ) {}

  /** An object, or [x, y, ...accept]. */
  entry({ start }: JsonPlace): void {
    const members = jsonMembers(this.text, start)
    if (this.text[start] === '{')
      return this.named(
        start,
        this.asked ? withInner(this.text, members, Object.values(this.asked)) : members,
      )
    if (this.text[start] !== '[')
      return this.problem(
        start,
        'an object such as {"input": "x", "output": "y"}, or ["x", "y"], is expected here',
      )
    const roles = this.asked && rolesByConfig([], this.asked)
    if (typeof roles === 'string') return this.problem(start, `${roles}: the entry is a list; give numbers`)
    const { input = 0, answer = 1, accept = members.slice(2).map((_, i) => i + 2), split } = roles ?? {}
    this.add(
      start,
      members[input],
      [members[answer], ...accept.map((i) => members[i])],
      splitOf(split, members),
    )
  }

  /** `"x": "y"` or `"x": ["y", ...accept]`. */
  pair({ key, ...value }: JsonMember): void {
    this.collect(key?.start ?? value.start, () => ({ cells: [key?.text ?? '', ...this.texts(value)] }))
  }

  /** One list per column. */
  columns(roles: Roles, lists: readonly JsonMember[]): void {
    const cells = lists.map((list) => jsonMembers(this.text, list.start))
    const [inputs = [], answers = []] = [cells[roles.input], cells[roles.answer]]
    if (inputs.length !== answers.length)
      return this.problem(
        lists[roles.answer]?.start ?? 0,
        `${answers.length} answers for ${inputs.length} inputs`,
      )
    this.unused(roles.unused)
    inputs.forEach((input, i) => {
      const further = roles.accept.map((column) => cells[column]?.[i])
      const split = roles.split === undefined ? undefined : { place: cells[roles.split]?.[i] }
      this.add(input.start, input, [answers[i], ...further], split)
    })
  }

  unused(keys: readonly string[]): void {
    for (const key of keys) this.unusedKeys.add(key)
  }

  problem(offset: number, text: string, hint?: string): void {
    this.problems.push({ line: this.lineOf(offset), text, ...(hint === undefined ? {} : { hint }) })
  }

  result(): Rows {
    for (const found of this.known.values()) {
      if (!('problem' in found) || found.entries === 1) continue
      const { problem, entries } = found
      this.problems[this.problems.indexOf(problem)] = {
        ...problem,
        text: `${problem.text} (so in ${entries} entries)`,
      }
    }
    const unused = [...this.unusedKeys].map((key) => `"${key}"`)
    const notes = unused.length > 0 ? [`not used: ${unused.join(', ')}`] : []
    return { rows: this.rows, problems: this.problems, notes }
  }

  private named(start: number, members: readonly JsonMember[]): void {
    const names = members.map(({ key }) => key?.text ?? '')
    const signature = names.join('\0')
    const known = this.known.get(signature)
    if (known && 'problem' in known) known.entries++
    else {
      const roles = known ?? this.rolesOf(start, names, members)
      if (roles === undefined) return
      this.known.set(signature, roles)
      this.unused(roles.unused)
      const at = (index: number) => members[index]
      const answers = [at(roles.answer), ...roles.accept.map(at)]
      this.add(start, at(roles.input), answers, splitOf(roles.split, members))
    }
  }

  private rolesOf(
    start: number,
    names: readonly string[],
    members: readonly JsonMember[],
  ): Roles | undefined {
    const repeated = names.findIndex((name, i) => names.indexOf(name) < i)
    const roles = this.asked ? rolesByConfig(names, this.asked) : rolesByName(names)
    const before = this.problems.length
    if (repeated >= 0)
      this.problem(members[repeated]?.key?.start ?? start, `the key "${names[repeated]}" is given twice`)
    else if (typeof roles === 'string') this.problem(start, roles)
    else if (!this.asked)
      members.forEach(({ key }) => {
        const nearest = misspelt(key?.text ?? '', roles !== undefined)
        if (nearest) this.problem(key?.start ?? start, `unknown key "${key?.text}"${nearest}`)
      })
    if (roles === undefined && this.problems.length === before) {
      const { text, suggested } = unclear(names)
      this.problem(start, text, `Add it to the config, next to "list": ${columnsLine(suggested)}`)
    }
    const [problem] = this.problems.slice(before)
    if (problem === undefined) return roles as Roles
    this.known.set(names.join('\0'), { problem, entries: 1 })
    return undefined
  }

  private add(
    at: number,
    input: JsonPlace | undefined,
    answers: readonly (JsonPlace | undefined)[],
    split?: SplitPlace,
  ): void {
    const only = (place: JsonPlace | undefined, what: string) => {
      const texts = place === undefined ? [''] : this.texts(place)
      if (texts.length > 1) this.problem(place?.start ?? at, `the ${what} is a list; one text is expected`)
      return texts[0] ?? ''
    }
    this.collect(at, () => ({
      cells: [only(input, 'input'), ...answers.flatMap((answer) => (answer ? this.texts(answer) : ['']))],
      ...(split ? { split: only(split.place, 'split') } : {}),
    }))
  }

  /** An entry with a problem gives no row. */
  private collect(at: number, read: () => Omit<Row, 'line'>): void {
    const before = this.problems.length
    const row = read()
    if (this.problems.length === before) this.rows.push({ line: this.lineOf(at), ...row })
  }

  /** Numbers and booleans as written; null is not a text. */
  private texts({
    start,
    end,
    others = [],
  }: JsonPlace & { readonly others?: readonly JsonPlace[] }): string[] {
    if (others.length > 0) return [{ start, end }, ...others].flatMap((place) => this.texts(place))
    const first = this.text[start]
    if (first === '[') {
      const members = jsonMembers(this.text, start)
      if (members.some((member) => '[{'.includes(this.text[member.start] ?? ''))) this.notText(start)
      return members.length === 0 ? [''] : members.flatMap((member) => this.texts(member))
    }
    if (first === '{') this.notText(start)
    const written = this.text.slice(start, end)
    if (written === 'null') return ['']
    return [first === '"' ? (JSON.parse(written) as string) : written]
  }

  private notText(start: number): void {
    const inside = this.text[start] === '{' ? jsonMembers(this.text, start) : []
    const names = inside.flatMap(({ key }) => (key ? [key.text] : []))
    const hint =
      names.length === 0
        ? undefined
        : `Its members are ${names
            .slice(0, 8)
            .map((name) => `"${name}"`)
            .join(', ')}; give the path of one: columns: {answer: KEY.${names[0]}}`
    this.problem(start, 'a text, or a list of texts, is expected here', hint)
  }
}
