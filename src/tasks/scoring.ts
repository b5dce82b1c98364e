import { canonicalJson } from '../domain/identity.js'
import { scorings, type Answer, type Scoring, type ScoringRule } from '../domain/types.js'
import { firstMatch, isExpression } from './bounded-regex.js'
import { chrf, f1, normalise } from './text-scores.js'

export interface Judged {
  readonly scoring: ScoringRule
  /** The generated text; see `cut`. */
  readonly prediction: string
  readonly answer: string
  readonly accept: readonly string[]
}

/** The default threshold of graded rules. */
const usualThreshold = 0.5

/**
 * docs/datasets.md, Scoring: equal to the answer or an accepted alternative after stripping; under `prefix` also if
 * one of them begins with the prediction or the prediction begins with it. Case matters. Under `first-token` the
 * token counts (src/experiments/judge.ts); a text alone is judged as under `prefix`.
 */
export function isCorrect(judged: Judged): boolean {
  return scoreOf(judged) >= (graded(judged.scoring)?.threshold ?? 1)
}

/** 0 to 1: the best score over accepted answers; 0 or 1 under ungraded rules. */
export function scoreOf({ scoring, prediction, answer, accept }: Judged): number {
  const given = (
    pattern(scoring) === null ? prediction : (firstMatch(pattern(scoring) ?? '', prediction) ?? '')
  ).trim()
  // Everything begins with the empty text: without this, a model that answers nothing would always be right.
  if (given === '') return 0
  const right = [answer, ...accept].map((text) => text.trim()).filter((text) => text !== '')
  return Math.max(0, ...right.map((text) => compare(scoring, given, text)))
}

function compare(scoring: ScoringRule, given: string, right: string): number {
  switch (graded(scoring)?.measure ?? scoring) {
    case 'prefix':
    case 'first-token':
      return Number(right.startsWith(given) || given.startsWith(right))
    case 'contains':
      return Number(given.includes(right))
    case 'normalised':
      return Number(normalise(given) === normalise(right))
    case 'f1':
      return f1(given, right)
    case 'chrf':
      return chrf(given, right)
    default:
      return Number(given === right)
  }
}

/** For `f1` and `chrf`: which one, and the threshold. */
export function graded(scoring: ScoringRule): { measure: 'f1' | 'chrf'; threshold: number } | null {
  const [measure, threshold] = scoring.split(' ', 2)
  if (measure !== 'f1' && measure !== 'chrf') return null
  return { measure, threshold: threshold === undefined ? usualThreshold : Number(threshold) }
}

/** Null if it is not a rule. */
export function parseRule(text: string): ScoringRule | null {
  if ((scorings as readonly string[]).includes(text)) return text as ScoringRule
  const [measure, threshold] = text.split(' ', 2)
  if ((measure === 'f1' || measure === 'chrf') && threshold !== undefined)
    return Number(threshold) > 0 && Number(threshold) <= 1 ? `${measure} ${Number(threshold)}` : null
  const expression = pattern(text)
  return expression !== null && isExpression(expression) ? (text as ScoringRule) : null
}

function pattern(scoring: string): string | null {
  return scoring.startsWith('regex ') ? scoring.slice('regex '.length) : null
}

/** How answers of a task are read and judged in a sweep. */
export function scoringFor(rule: ScoringRule, answer: Answer | undefined): Scoring {
  return answer ? (canonicalJson({ answer, rule }) as Scoring) : rule
}

export function readScoring(scoring: Scoring): { readonly rule: ScoringRule; readonly answer?: Answer } {
  if (!scoring.startsWith('{')) return { rule: scoring as ScoringRule }
  return JSON.parse(scoring) as { rule: ScoringRule; answer: Answer }
}

/** A scoring as text. */
export function scoringLabel(scoring: Scoring): string {
  const { rule, answer } = readScoring(scoring)
  return answer ? `${rule}, up to ${answer.maxTokens} tokens` : rule
}

/** Generated text up to the first stop text, by default a newline; unstripped. */
export function cut(text: string, stop: readonly string[] = ['\n']): string {
  const ends = stop.map((part) => text.indexOf(part)).filter((at) => at >= 0)
  return text.slice(0, Math.min(text.length, ...ends))
}

/** Without a partial character at the end: invalid UTF-8 decodes to U+FFFD. */
export function wholeCharacters(text: string): string {
  return text.replace(/\uFFFD+$/u, '')
}
