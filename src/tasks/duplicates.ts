import type { Pair } from '../domain/types.js'
import type { LineProblem } from './text-file.js'

/** What becomes of an input that a list has twice. `merge`: one pair, further answers are accepted; `refuse`: an error. */
export const duplicateRules = ['merge', 'refuse'] as const
export type DuplicateRule = (typeof duplicateRules)[number]

/** A pair, and the line where it stands. */
export interface LocatedPair {
  readonly line: number
  readonly pair: Pair
}

/** Of so many inputs with several answers a note has room. */
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
  return {
    pairs: groups.map(merged),
    notes: [
      ...(exact > 0 ? [`${exact} of ${located.length} entries repeat another one; each counts once`] : []),
      ...(conflicting.length > 0 ? [conflicts(file, conflicting)] : []),
    ],
  }
}

/** The first answer is the preferred one; all others are accepted. */
function merged([first, ...others]: readonly LocatedPair[]): Pair {
  const { input, output, accept } = (first as LocatedPair).pair
  if (others.length === 0) return { input, output, accept }
  const further = [...accept, ...others.flatMap(({ pair }) => [pair.output, ...pair.accept])]
  return { input, output, accept: [...new Set(further)].filter((answer) => answer !== output) }
}

function conflicts(file: string, groups: readonly (readonly LocatedPair[])[]): string {
  const named = groups.slice(0, mostNamed).map((group) => {
    const answers = group.map(({ line, pair }) => `"${pair.output}" on line ${line}`)
    return `"${group[0]?.pair.input}" is ${answers.join(' and ')}`
  })
  const rest = groups.length - named.length
  const more = rest > 0 ? `; ${rest} more: taskvec tasks check ${file} --json` : ''
  return (
    `${groups.length} inputs are given with different answers; the first is preferred, the others are accepted ` +
    `(duplicates: refuse makes this an error): ${named.join('; ')}${more}`
  )
}

/** Every input that stands on an earlier line too. */
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
            hint: 'Keep one of them, or merge them (duplicates: merge); put further right answers behind the preferred one.',
          },
        ]
  })
}
