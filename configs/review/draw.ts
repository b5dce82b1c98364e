import { readWordList } from '../../src/tasks/lists.js'
import { allLists } from '../generate/all.js'
import { reviewOf, writeReview } from './review.js'

/**
 * `npm run data:review`: brings the review files up to date with the lists and says what is left to judge by hand.
 */
for (const { task } of allLists()) {
  const rows = reviewOf(readWordList(task))
  writeReview(task, rows)
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length
  process.stdout.write(
    `${task}: ${rows.length} drawn, ${count('right')} right, ${count('wrong')} wrong, ${count('doubtful')} doubtful, ` +
      `${count('')} to judge\n`,
  )
}
