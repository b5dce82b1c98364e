/**
 * Faults on a real sweep (tiny model, 4 tasks, 6 layers), as figures for docs/reliability.md; prints Markdown. Exit code 1
 * at the first round that does not end with the bytes of the undisturbed sweep.
 *
 *   npm run faults -- [--rounds 100] [--seed 1] [--cases [--only WORDS]]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Sandbox } from '../sweep/sandbox.js'
import { cases } from './cases.js'
import { killRound, targets, type Round } from './kill-rounds.js'
import { finalOf, leftBehind, undisturbed } from './sweep-under-fault.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    cases: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const scratch = mkdtempSync(join(tmpdir(), 'taskvec-faults-'))
await using sandbox = await Sandbox.create()
const expected = await undisturbed(sandbox)
process.stdout.write(
  `Undisturbed: ${expected.runs} runs, ${expected.predictions} predictions, tables ${expected.tables.slice(0, 12)}\n`,
)
if (values.cases) await runCases()
else await runRounds(Number(values.rounds), Number(values.seed))
rmSync(scratch, { recursive: true })

async function runRounds(count: number, seed: number): Promise<void> {
  const rounds: Round[] = []
  for (let i = 0; i < count; i++) {
    const round = await killRound(sandbox, expected, seed + i)
    rounds.push(round)
    const what = round.kills.map(
      ({ target, afterMs, hit }) => `${target}${hit ? '' : ' (gone)'} +${afterMs} ms`,
    )
    process.stdout.write(
      `${seed + i}: ${what.join(', ')}; ${round.seconds.toFixed(1)} s; ${round.wrong.length === 0 ? 'the same bytes' : round.wrong.join('; ')}\n`,
    )
    if (round.wrong.length > 0) process.exitCode = 1
  }
  const kills = rounds.flatMap((round) => round.kills).filter(({ hit }) => hit)
  process.stdout.write('\n| rounds | kills | ')
  process.stdout.write(
    `${targets.join(' | ')} | same bytes | processes left |\n|${' --- |'.repeat(targets.length + 4)}\n`,
  )
  const of = targets.map((target) => kills.filter((kill) => kill.target === target).length)
  const left = rounds.filter(({ wrong }) => wrong.some((text) => text.startsWith('left behind'))).length
  const same = rounds.filter(({ wrong }) => wrong.every((text) => text.startsWith('left behind'))).length
  process.stdout.write(`| ${[rounds.length, kills.length, ...of, same, left].join(' | ')} |\n`)
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
      tables = JSON.stringify(finalOf(db)) === JSON.stringify(expected) ? 'the same bytes' : 'DIFFERENT'
    } catch (error) {
      seen = (error as Error).message
      tables = 'not there'
    }
    if (tables !== 'the same bytes') process.exitCode = 1
    process.stdout.write(`| ${name} | ${seen} | ${tables} | ${leftBehind(sandbox).length} |\n`)
  }
}
