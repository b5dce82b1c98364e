import { groupRepeated } from '../tasks/repeated-problems.js'
import { boxedTable } from '../report/boxed-table.js'
import type { Checked } from './check-one-list.js'

/** Warnings printed per list at most. */
const shownWarnings = 5

/** The text output of `taskvec tasks check`. Lists without a readable pair are in no table. */
export function printTables(checked: readonly Checked[]): void {
  const read = checked.filter(({ pairs }) => pairs > 0)
  if (read.length > 0) printCounts(read)
  for (const text of groupRepeated(checked.flatMap(({ problems }) => problems)))
    process.stdout.write(`error: ${text}\n`)
  for (const { id, warnings } of checked) {
    for (const text of warnings.slice(0, shownWarnings)) process.stdout.write(`warning: ${text}\n`)
    const more = warnings.length - shownWarnings
    if (more > 0) process.stdout.write(`warning: ${id}: ${more} more; --json prints all\n`)
  }
}

function printCounts(checked: readonly Checked[]): void {
  const lists = boxedTable(
    ['list', 'pairs', 'most common answer', 'copies', 'several answers', 'inputs of other tasks too'],
    checked.map(({ id, pairs, drawnFrom, majority, copies, ambiguous, sharedInputs: shared }) => [
      id,
      drawnFrom === null ? pairs : `${pairs} drawn of ${drawnFrom}`,
      `${majority.answer} ${(100 * majority.share).toFixed(1)}%`,
      copies,
      ambiguous,
      shared,
    ]),
  )
  process.stdout.write(`${lists}\n`)

  const percent = (share: number) => `${(100 * share).toFixed(1)}%`
  const guessed = boxedTable(
    ['right without knowing the task', 'copying the input', 'always the most common answer'],
    checked.map(({ id, floors: { copier, majority } }) => [id, percent(copier), percent(majority)]),
  )
  process.stdout.write(`\n${guessed}\n`)

  if (checked.some(({ tokenizers }) => tokenizers.length > 0)) {
    const head = [
      ...['list', 'tokenizer', 'writable', 'one token: " y"', 'one token: "y"', 'reading'],
      'begin in a character',
      'first token alone is right',
    ]
    const rows = checked.flatMap(({ id, tokenizers }) =>
      tokenizers.map(
        ({ tokenizer, writable, leadingSpace, noSpace, reading, partialAnswers, firstToken }) => [
          id,
          tokenizer,
          writable,
          leadingSpace,
          noSpace,
          reading,
          partialAnswers,
          percent(firstToken),
        ],
      ),
    )
    process.stdout.write(`\n${boxedTable(head, rows)}\n`)
  }
}
