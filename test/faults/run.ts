/**
 * Faults on a real sweep (tiny model, 4 tasks, 6 layers), as figures for docs/reliability.md; prints Markdown. Exit code 1
 * where a round or case does not end as the undisturbed sweep did. With --out FILE each round is a line of JSON there: seeds
 * that it has already are not run again, and the table is of all its rounds.
 *
 *   npm run faults -- [--rounds 100] [--seed 1] [--out FILE] [--cases [--only WORDS]]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Sandbox } from '../sweep/sandbox.js'
import { cases } from './cases.js'
import { killRound } from './kill-rounds.js'
import { addRound, describeRound, isSound, readRounds, summary } from './summary.js'
import { differences, finalOf, leftBehind, undisturbed } from './sweep-under-fault.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    cases: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const scratch = mkdtempSync(join(tmpdir(), 'taskvec-faults-'))
await using sandbox = await Sandbox.create()
const expected = await undisturbed(sandbox)
process.stdout.write(
  `Undisturbed: ${expected.runs} runs, ${expected.predictions} predictions, ${expected.works} computations, tables ${expected.tables.slice(0, 12)}\n`,
)
if (values.cases) await runCases()
else await runRounds(Number(values.rounds), Number(values.seed))
rmSync(scratch, { recursive: true })

async function runRounds(count: number, first: number): Promise<void> {
  const file = values.out ?? join(scratch, 'rounds.jsonl')
  const known = new Set(readRounds(file).map(({ seed }) => seed))
  for (let seed = first; seed < first + count; seed++) {
    if (known.has(seed)) continue
    const round = await killRound(sandbox, expected, seed)
    addRound(file, round)
    process.stdout.write(`${describeRound(round)}\n`)
    if (!isSound(round)) process.exitCode = 1
  }
  process.stdout.write(`\n${summary(readRounds(file))}`)
}

async function runCases(): Promise<void> {
  process.stdout.write(
    '\n| fault | what was seen | final tables | processes left |\n| --- | --- | --- | --- |\n',
  )
  for (const [name, run] of Object.entries(cases)) {
    if (!name.includes(values.only)) continue
    const db = join(scratch, `${name.replace(/\W+/g, '-')}.db`)
    let seen: string
    let tables: string
    try {
      seen = await run(sandbox, db)
      tables = differences(finalOf(db), expected).length === 0 ? 'the same bytes' : 'DIFFERENT'
    } catch (error) {
      seen = (error as Error).message
      tables = 'not there'
    }
    if (tables !== 'the same bytes') process.exitCode = 1
    process.stdout.write(`| ${name} | ${seen} | ${tables} | ${leftBehind(sandbox).length} |\n`)
  }
}
