import { Command, InvalidArgumentError } from 'commander'
import { randomInt } from 'node:crypto'
import { TaskvecError } from '../domain/errors.js'
import { openReadOnly, type Reader } from '../store/open.js'
import { findSweep } from '../store/sweeps.js'
import type { Problem } from '../verify/check.js'
import { checkInvariants, type CheckResult } from '../verify/invariants.js'
import { recompute, type Recomputed } from '../verify/recompute.js'
import { recomputeUnits, type RecomputedUnits } from '../verify/recompute-units.js'
import { dbOption, memoryLimitOption, wholeNumber } from './options.js'

/** Problems printed per check at most. */
const shownProblems = 10
const exitCodes = { differs: 3, unchecked: 1 }

interface VerifyOptions {
  db: string
  sample: number
  full?: boolean
  seed?: number
  memoryLimit?: number
  json?: boolean
}

/** `taskvec verify [SWEEP]`. */
export function verifyCommand(): Command {
  return new Command('verify')
    .argument('[sweep]', 'id or name: recompute only runs of this sweep (default: of all sweeps)')
    .option('--sample <percent>', 'share of the runs to recompute', percent, 0.05)
    .option('--full', 'recompute all runs')
    .option('--seed <n>', 'seed for drawing the runs (default: random)', wholeNumber(0))
    .addOption(memoryLimitOption())
    .addOption(dbOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
First checks the file (SQLite's integrity_check) and everything that follows from
other rows: hashes of configs, items and pairs, run keys, counts, the judgement of
every prediction, best layers, completeness. Then recomputes a sample of runs of
the main experiment and units of the further ones from the model files, in the
sweep's numerics and on its device. Tokens and texts must be equal and
log-probabilities agree within 1e-4; bitwise matches are counted. On another kind
of processor, log-probabilities must agree within the bound of docs/numerics.md,
and tokens may differ where two logits tie within it; near ties are listed. The
database is only read; further experiments are recomputed in a temporary copy.

Exit codes: 0 everything agrees, 3 something differs, 1 nothing differs, but part
of the sample could not be recomputed here.

Examples:
  $ taskvec verify
  $ taskvec verify quickstart --full
  $ taskvec verify --sample 0 --db other.db
  $ taskvec verify --sample 1% --seed 7 --json`,
    )
    .action(verify)
}

async function verify(wanted: string | undefined, options: VerifyOptions): Promise<void> {
  const { db, sample, full, memoryLimit, json } = options
  const seed = options.seed ?? randomInt(2 ** 31)
  using reader = openReadOnly(db)
  const sweepId = wanted === undefined ? undefined : findSweep(reader, wanted).id
  // A consistent snapshot, even while a sweep writes.
  reader.exec('begin')
  const checks = guardedChecks(reader, db)
  if (!json) for (const check of checks) process.stdout.write(`${describeCheck(check)}\n`)
  const fraction = full ? 1 : sample
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const sampled = { fraction, seed, sweepId, settings: { memoryLimit }, say }
  const again = fraction === 0 ? null : await recompute(reader, sampled)
  const further = fraction === 0 ? null : await recomputeUnits(reader, sampled)
  const differing = [...checks, again, further].flatMap((part) => part?.problems ?? []).length
  const unchecked =
    sum(again?.unchecked.map(({ runs }) => runs)) + sum(further?.unchecked.map(({ units }) => units))
  if (json)
    process.stdout.write(
      JSON.stringify({
        database: db,
        ok: differing === 0 && unchecked === 0,
        differing,
        unchecked,
        checks,
        recomputed: again && { seed, ...again },
        recomputedFurther: further && { seed, ...further },
      }) + '\n',
    )
  else {
    if (again) process.stdout.write(`${describeAgain(again, seed)}\n`)
    if (further && further.of > 0) process.stdout.write(`${describeFurther(further, seed)}\n`)
    process.stdout.write(`${verdict(differing, unchecked)}\n`)
  }
  if (differing > 0) process.exitCode = exitCodes.differs
  else if (unchecked > 0) process.exitCode = exitCodes.unchecked
}

/** The checks. Errors: STORE if the file is too damaged to be read to the end. */
function guardedChecks(reader: Reader, db: string): CheckResult[] {
  try {
    return checkInvariants(reader)
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string }
    if (!(error instanceof SyntaxError) && !String(code).startsWith('SQLITE_')) throw error
    throw new TaskvecError('STORE', `${db}: damaged: ${message}`, {
      cause: error,
      hint: 'Restore a backup (docs/reliability.md); taskvec resume recomputes lost results.',
    })
  }
}

function describeCheck({ check, checked, problems }: CheckResult): string {
  const verdict = problems.length === 0 ? 'ok' : `${problems.length} DIFFER`
  return [`${check}: ${checked} checked, ${verdict}`, ...shown(problems)].join('\n')
}

function describeAgain(again: Recomputed, seed: number): string {
  const { runs, of, predictions, identical, largest, problems, nearTies, otherKinds, unchecked } = again
  return [
    `recomputed: ${runs} of ${of} runs (seed ${seed}), ${predictions} predictions, ${identical} of them bitwise equal, largest difference of a log-probability ${largest.toExponential(1)}, ${partVerdict(again, runs)}`,
    ...otherKinds.map(
      ({ model, kernels, here, bound }) =>
        `  ${model}: computed on ${kernels ?? 'an unrecorded kind of processor'}, recomputed on ${here}: last bits differ, so log-probabilities must agree within ${bound.toExponential(1)} (docs/numerics.md)`,
    ),
    ...shown(problems),
    ...(nearTies.length > 0
      ? [`  ${nearTies.length} near ties, not counted as differences:`, ...shown(nearTies)]
      : []),
    ...unchecked.map(({ model, runs, reason }) => `  NOT CHECKED: ${runs} runs of ${model}: ${reason}`),
  ].join('\n')
}

function describeFurther(further: RecomputedUnits, seed: number): string {
  const { units, of, rows, identical, problems, unchecked } = further
  return [
    `further experiments recomputed: ${units} of ${of} units (seed ${seed}), ${rows} rows, ${identical} of them bitwise equal, ${partVerdict(further, units)}`,
    ...shown(problems),
    ...unchecked.map(({ model, units, reason }) => `  NOT CHECKED: ${units} units of ${model}: ${reason}`),
  ].join('\n')
}

function partVerdict(
  { problems, unchecked, of }: Pick<Recomputed, 'problems' | 'of'> & { unchecked: readonly unknown[] },
  done: number,
): string {
  if (problems.length > 0) return `${problems.length} DIFFER`
  if (unchecked.length === 0) return 'ok'
  return done === 0 && of > 0 ? 'NOTHING CHECKED' : 'NOT ALL CHECKED'
}

function shown(problems: readonly Problem[]): string[] {
  const lines = problems.slice(0, shownProblems).map(({ where, message }) => `  ${where}: ${message}`)
  return problems.length > shownProblems
    ? [...lines, `  and ${problems.length - shownProblems} more (--json)`]
    : lines
}

function verdict(differing: number, unchecked: number): string {
  if (differing > 0) return `${differing} difference${differing === 1 ? '' : 's'} found.`
  return unchecked === 0
    ? 'No differences found.'
    : `No differences found, but ${unchecked} of the sample could not be recomputed here.`
}

function sum(counts: readonly number[] = []): number {
  return counts.reduce((total, count) => total + count, 0)
}

function percent(text: string): number {
  const value = Number(text.trim().replace(/\s*%$/, ''))
  if (text.trim() !== '' && value >= 0 && value <= 100) return value / 100
  throw new InvalidArgumentError('It must be a percentage from 0 to 100, such as 5%.')
}
