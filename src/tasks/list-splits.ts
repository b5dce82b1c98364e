import { listSplits, type ListSplit, type Pair } from '../domain/types.js'
import type { LineProblem } from './text-file.js'

/** Train, dev and test of a list, as its author defined them (docs/datasets.md, Splits). */

/** The values of a list's splits, by their use; absent: the usual names. */
export type SplitNames = Partial<Readonly<Record<ListSplit, readonly string[] | undefined>>>

const usual: Readonly<Record<ListSplit, readonly string[]>> = {
  train: ['train', 'training', 'trn'],
  dev: ['dev', 'validation', 'valid', 'val', 'development'],
  test: ['test', 'testing', 'tst'],
}

/** The most values that a message lists. */
const mostNamed = 8

/** The split that a value means, by the given names before the usual ones; undefined if none. */
export function splitNamed(value: string, names: SplitNames = {}): ListSplit | undefined {
  const plain = value.trim().toLowerCase()
  const called = (list: readonly string[] | undefined) => list?.some((name) => name.toLowerCase() === plain)
  return (
    listSplits.find((split) => called(names[split])) ??
    listSplits.find((split) => names[split] === undefined && called(usual[split]))
  )
}

/** Values that mean no split, and splits without a value: one problem each, with what was found. */
export function splitProblems(
  values: readonly { readonly line: number; readonly split: string }[],
  names: SplitNames = {},
): LineProblem[] {
  const unknown = values.find(({ split }) => splitNamed(split, names) === undefined)
  // Demonstrations and queries of the results come from train and test; train replaces a dev that no one names.
  const needed = listSplits.filter((split) => split !== 'dev' || names.dev !== undefined)
  const missing = needed.find((wanted) => !values.some(({ split }) => splitNamed(split, names) === wanted))
  const [first] = values
  if (!first || !(unknown ?? missing)) return []
  const counts = new Map<string, number>()
  for (const { split } of values) counts.set(split, (counts.get(split) ?? 0) + 1)
  const found = [...counts].slice(0, mostNamed).map(([value, count]) => `"${value}" (${count})`)
  const more = counts.size > mostNamed ? ` and ${counts.size - mostNamed} more` : ''
  const known = (split: ListSplit) => (names[split] ?? usual[split]).join(' or ')
  const text = unknown
    ? `the split "${unknown.split}" is not one of ${listSplits.map(known).join(', ')}`
    : `no pair is in the split "${missing}"`
  return [
    {
      line: (unknown ?? first).line,
      text: `${text}; found: ${found.join(', ')}${more}`,
      hint: 'Map them, for instance: columns: {split: {column: part, train: [a, b], test: c}}',
    },
  ]
}

/** How many pairs each split has, in words; empty for a list without splits. */
export function splitNotes(pairs: readonly Pair[]): string[] {
  const sizes = listSplits.map((split) => pairs.filter((pair) => pair.split === split).length)
  if (sizes.every((size) => size === 0)) return []
  const said = listSplits.flatMap((split, i) => (sizes[i] === 0 ? [] : [`${split} ${sizes[i]}`]))
  const noDev = sizes[1] === 0 ? '; none in dev, so the best L is chosen on queries from train' : ''
  return [`pairs by split: ${said.join(', ')}${noDev}`]
}

/** For an input in several splits, the most held-out one. */
export function mostHeldOut(pairs: readonly Pair[]): ListSplit | undefined {
  return [...listSplits].reverse().find((split) => pairs.some((pair) => pair.split === split))
}
