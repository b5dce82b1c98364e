import type { PromptFormat } from '../domain/types.js'
import { answerGap } from '../prompt/format.js'
import { lastWords, type Encode } from './single-token.js'

/** The tokenizer interface needed here; an Engine has it. */
export interface Coder {
  readonly encode: Encode
  /** The text of each token alone. */
  readonly decode: (tokens: readonly number[]) => Promise<string[]>
}

/** How a tokenizer begins the answers of a list. */
export interface Beginnings {
  /** Answers of one token. */
  readonly whole: number
  /** Answers whose first token is part of a character, and so has no text. */
  readonly partial: number
}

/** Whether a token's text is part of a character: invalid UTF-8 decodes to U+FFFD. */
export function isPartOfCharacter(text: string): boolean {
  return text.includes('\uFFFD')
}

/** Counted where the answer is, after the prompt's last words (the arrow). */
export async function beginningsOf(
  answers: readonly string[],
  coder: Coder,
  prompt?: PromptFormat,
): Promise<Beginnings> {
  const last = lastWords(prompt)
  const texts = answers.map((answer) => last + answerGap(prompt) + answer)
  const [before = [], ...after] = await coder.encode([last, ...texts], { special: false })
  const own = after.map((ids) =>
    before.every((token, at) => ids[at] === token) ? ids.slice(before.length) : ids,
  )
  const firsts = own.map(([first = 0]) => first)
  const distinct = [...new Set(firsts)]
  const decoded = await coder.decode(distinct)
  const partial = new Set(distinct.filter((_, i) => isPartOfCharacter(decoded[i] ?? '')))
  return {
    whole: own.filter((ids) => ids.length === 1).length,
    partial: firsts.filter((token, i) => partial.has(token) && !isPartOfCharacter(answers[i] ?? '')).length,
  }
}
