import type { Pair, ScoringRule } from '../domain/types.js'
import { isCorrect } from './scoring.js'
import type { Encoder } from './single-token.js'

/** Floors of a list: shares of its pairs, 0 to 1, that count as right without knowing the task. */
export interface Floors {
  /** Repeating the input. */
  readonly copier: number
  /** Always giving the most common answer. */
  readonly majority: number
}

export function floorsOf(pairs: readonly Pair[], scoring: ScoringRule, commonest: string): Floors {
  return {
    copier: share(pairs, ({ input, output, accept }) =>
      isCorrect({ scoring, prediction: input, answer: output, accept }),
    ),
    majority: share(pairs, ({ output, accept }) =>
      isCorrect({ scoring, prediction: commonest, answer: output, accept }),
    ),
  }
}

/**
 * Share of the pairs that the first token of the preferred answer, written after a space, would get right by itself: 1
 * under the prefix rule if the token contains a letter, the single-token answers under the exact one.
 */
export async function firstTokenShare(
  pairs: readonly Pair[],
  scoring: ScoringRule,
  { encode }: Encoder,
): Promise<number> {
  const answers = [...new Set(pairs.map(({ output }) => output))]
  const whole = await encode(
    answers.map((answer) => ` ${answer}`),
    { special: false },
  )
  const firstTokens = new Map<string, string>()
  for (const [i, answer] of answers.entries()) {
    const beginnings = Array.from(answer, (_, length) => answer.slice(0, length + 1))
    const encoded = await encode(
      beginnings.map((text) => ` ${text}`),
      { special: false },
    )
    const first = whole[i]?.[0]
    const found = encoded.findLastIndex((tokens) => tokens.length === 1 && tokens[0] === first)
    firstTokens.set(answer, beginnings[found] ?? '')
  }
  return share(pairs, ({ output, accept }) =>
    isCorrect({ scoring, prediction: firstTokens.get(output) ?? '', answer: output, accept }),
  )
}

function share(pairs: readonly Pair[], isRight: (pair: Pair) => boolean): number {
  return pairs.filter(isRight).length / Math.max(1, pairs.length)
}
