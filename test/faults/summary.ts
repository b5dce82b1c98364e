import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { targets, wrongs, type Round } from './kill-rounds.js'

/** Rounds as JSON Lines: a file to which any number of runs add theirs. */
export function readRounds(file: string): Round[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Round)
}

export function addRound(file: string, round: Round): void {
  appendFileSync(file, `${JSON.stringify(round)}\n`)
}

export function isSound({ wrong }: Round): boolean {
  return wrongs.every((kind) => wrong[kind].length === 0)
}

/** One line for people. */
export function describeRound(round: Round): string {
  const { seed, kills, seconds, resumes, recomputed, inFlight, wrong } = round
  const what = kills.map(({ target, afterMs, hit }) => `${target}${hit ? '' : ' (gone)'} +${afterMs} ms`)
  const ended = isSound(round)
    ? 'the same bytes'
    : wrongs.flatMap((kind) => wrong[kind].map((text) => `${kind}: ${text}`)).join('; ')
  return `${seed}: ${what.join(', ')}; ${seconds.toFixed(1)} s, ${resumes} resumes, ${recomputed} recomputed of ${inFlight} in flight; ${ended}`
}

/** A Markdown table of all rounds. */
export function summary(rounds: readonly Round[]): string {
  const kills = rounds.flatMap((round) => round.kills).filter(({ hit }) => hit)
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0)
  const columns: Record<string, number | string> = {
    rounds: rounds.length,
    kills: kills.length,
    ...Object.fromEntries(
      targets.map((each) => [each, kills.filter(({ target }) => target === each).length]),
    ),
    'same bytes': rounds.filter(({ wrong }) => wrong.tables.length + wrong.otherwise.length === 0).length,
    'rows lost': sum(({ rowsLost }) => rowsLost),
    'rows added': sum(({ rowsAdded }) => rowsAdded),
    'in flight': sum(({ inFlight }) => inFlight),
    recomputed: sum(({ recomputed }) => recomputed),
    'of them not in flight': sum(({ wrong }) => wrong.recomputed.length),
    'invariants broken': sum(({ wrong }) => wrong.invariants.length),
    'processes left': sum(({ wrong }) => wrong.processes.length),
    'seconds a round': (sum(({ seconds }) => seconds) / Math.max(1, rounds.length)).toFixed(0),
  }
  const row = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |\n`
  return row(Object.keys(columns)) + row(Object.keys(columns).map(() => '---')) + row(Object.values(columns))
}
