/** Graded comparisons of a text with an answer, 0 to 1; docs/datasets.md gives examples. */

/** Like SQuAD's evaluation, but also without accents: lower case, no punctuation, no English articles, single spaces. */
export function normalise(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/\p{P}|\p{S}/gu, '')
    .replace(/\b(a|an|the)\b/g, ' ')
    .split(/\s+/)
    .filter(Boolean)
    .join(' ')
}

/** The harmonic mean of precision and recall over normalised words, counting repetitions (SQuAD). */
export function f1(text: string, answer: string): number {
  const [given, right] = [words(text), words(answer)]
  if (given.length === 0 || right.length === 0) return Number(given.length === right.length)
  const common = shared(counts(given), counts(right))
  return (2 * common) / (given.length + right.length)
}

const longest = 6
const beta = 2

/**
 * chrF2 (Popović 2015) as sacreBLEU computes it: F with β = 2 of the mean precision and recall over character n-grams of 1
 * to 6, ignoring spaces and lengths that either text is too short for.
 */
export function chrf(text: string, answer: string): number {
  const [given, right] = [characters(text), characters(answer)]
  let [precision, recall, orders] = [0, 0, 0]
  for (let n = 1; n <= longest; n++) {
    const [ours, theirs] = [grams(given, n), grams(right, n)]
    if (ours.length === 0 || theirs.length === 0) continue
    const common = shared(counts(ours), counts(theirs))
    precision += common / ours.length
    recall += common / theirs.length
    orders++
  }
  if (precision + recall === 0) return 0
  const [p, r] = [precision / orders, recall / orders]
  return ((1 + beta ** 2) * p * r) / (beta ** 2 * p + r)
}

function words(text: string): string[] {
  return normalise(text).split(' ').filter(Boolean)
}

function characters(text: string): string[] {
  return Array.from(text.replace(/\s/gu, ''))
}

function grams(letters: readonly string[], n: number): string[] {
  return Array.from({ length: Math.max(0, letters.length - n + 1) }, (_, i) =>
    letters.slice(i, i + n).join(''),
  )
}

function counts(parts: readonly string[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const part of parts) found.set(part, (found.get(part) ?? 0) + 1)
  return found
}

function shared(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const [part, count] of a) sum += Math.min(count, b.get(part) ?? 0)
  return sum
}
