import { closest, distance } from 'fastest-levenshtein'

/** `; did you mean "x"?` if a known name is similar, else an empty string. */
export function didYouMean(name: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const best = closest(name, known)
  return distance(name, best) <= Math.max(2, Math.floor(best.length / 3)) ? `; did you mean "${best}"?` : ''
}
