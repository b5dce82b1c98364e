import { readWordList } from '../../src/tasks/lists.js'
import { allLists, furtherLists } from '../generate/all.js'
import { factLists } from '../generate/facts.js'
import { draws, reviewOf, writeReview } from './review.js'

/**
 * `npm run data:review`: updates the review files from the lists and reports what is left to judge by hand.
 */
for (const draw of draws([...allLists(), ...furtherLists(), ...factLists()].map(({ task }) => task))) {
  const rows = reviewOf(draw, readWordList(draw.task))
  if (rows.length > 0) writeReview(draw, rows)
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length
  process.stdout.write(
    `${draw.task}, seed ${draw.seed}: ${rows.length} drawn, ${count('right')} right, ${count('wrong')} wrong, ${count('not first')} not first, ` +
      `${count('missing')} missing, ${count('doubtful')} doubtful, ${count('')} to judge\n`,
  )
}
