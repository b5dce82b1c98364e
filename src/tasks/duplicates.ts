import { shellWord } from '../domain/shell-word.js'
import type { Pair } from '../domain/types.js'
import { mostHeldOut } from './list-splits.js'
import type { LineProblem } from './text-file.js'

/** How repeated inputs of a list are handled. `merge`: one pair, further answers are accepted; `refuse`: an error. */
export const duplicateRules = ['merge', 'refuse'] as const
export type DuplicateRule = (typeof duplicateRules)[number]

/** A pair and its line. */
export interface LocatedPair {
  readonly line: number
  readonly pair: Pair
  /** The file, for a list of several files. */
  readonly file?: string
}

/** The most inputs with several answers that a note lists. */
const mostNamed = 5

/** One pair per input, in the order of first lines, and what was merged. */
export function mergeDuplicates(
  file: string,
  located: readonly LocatedPair[],
): { pairs: Pair[]; notes: string[] } {
  const byInput = new Map<string, LocatedPair[]>()
  for (const entry of located) {
    const same = byInput.get(entry.pair.input)
    if (same) same.push(entry)
    else byInput.set(entry.pair.input, [entry])
  }
  const groups = [...byInput.values()]
  const repeated = groups.filter((group) => group.length > 1)
  const conflicting = repeated.filter((group) => new Set(group.map(({ pair }) => pair.output)).size > 1)
  const exact = repeated.reduce(
    (sum, group) => sum + group.length - new Set(group.map(({ pair }) => pair.output)).size,
    0,
  )
  const across = repeated.filter((group) => new Set(group.map(({ pair }) => pair.split)).size > 1)
  return {
    pairs: groups.map(merged),
    notes: [
      ...(across.length > 0 ? [inSeveralSplits(across)] : []),
      ...(exact > 0 ? [`${exact} of ${located.length} entries repeat another one; each counts once`] : []),
      ...(conflicting.length > 0 ? [conflicts(file, conflicting)] : []),
    ],
  }
}

/** The first answer is the preferred one; all others are accepted. */
function merged(group: readonly LocatedPair[]): Pair {
  const [first, ...others] = group
  const { pair } = first as LocatedPair
  if (others.length === 0) return pair
  const { input, output, accept } = pair
  const further = [...accept, ...others.flatMap(({ pair }) => [pair.output, ...pair.accept])]
  const split = mostHeldOut(group.map(({ pair }) => pair))
  return {
    ...{ input, output, accept: [...new Set(further)].filter((answer) => answer !== output) },
    ...(split ? { split } : {}),
  }
}

function inSeveralSplits(groups: readonly (readonly LocatedPair[])[]): string {
  const named = groups.slice(0, mostNamed).map(([first]) => `"${first?.pair.input}"`)
  const more = groups.length > mostNamed ? ', ..' : ''
  return (
    `${groups.length} inputs are in several splits (${named.join(', ')}${more}); each counts in the one that is held out most: ` +
    'test, else dev'
  )
}

function conflicts(file: string, groups: readonly (readonly LocatedPair[])[]): string {
  const named = groups.slice(0, mostNamed).map((group) => {
    const answers = group.map(
      ({ line, pair, file: in_ }) => `"${pair.output}" on line ${line}${in_ ? ` of ${in_}` : ''}`,
    )
    return `"${group[0]?.pair.input}" is ${answers.join(' and ')}`
  })
  const rest = groups.length - named.length
  const more = rest > 0 ? `; ${rest} more: taskvec tasks check ${shellWord(file)} --json` : ''
  return (
    `${groups.length} inputs are given with different answers; the first is preferred, the others are accepted ` +
    `(duplicates: refuse makes this an error): ${named.join('; ')}${more}`
  )
}

/** Every input that is also on an earlier line. */
export function repeats(located: readonly LocatedPair[]): LineProblem[] {
  const lineOf = new Map<string, number>()
  return located.flatMap(({ line, pair: { input } }) => {
    const earlier = lineOf.get(input)
    if (earlier === undefined) lineOf.set(input, line)
    return earlier === undefined
      ? []
      : [
          {
            line,
            text: `"${input}" is given twice; first on line ${earlier}`,
            hint: 'Keep one of them, or merge them (duplicates: merge); list other accepted answers after the preferred one.',
          },
        ]
  })
}
