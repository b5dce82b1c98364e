import type { Generate } from './engine.js'

/** Returns a test of whether a generated answer has ended: at `maxTokens`, at an end-of-text token, or once it contains a stop text. */
export function answerEnd(
  { maxTokens, stop }: Generate,
  endTokens: readonly number[],
  decode: (tokens: readonly number[]) => string,
): (tokens: readonly number[]) => boolean {
  const ends = new Set(endTokens)
  return (tokens) => {
    if (tokens.length >= maxTokens || ends.has(tokens.at(-1) as number)) return true
    if (stop.length === 0) return false
    const text = decode(tokens)
    return stop.some((part) => text.includes(part))
  }
}

/** The end-of-text tokens that a model's config names, as `generate` of transformers takes them: one, several or none. */
export function endTokensOf(config: Readonly<Record<string, unknown>>): number[] {
  return [config['eos_token_id']].flat().filter((id): id is number => typeof id === 'number')
}
