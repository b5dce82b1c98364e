/** What is read at one last token. */
export interface AnswerMetrics {
  /** Greedy choice; the lowest id among equal logits. */
  readonly token: number
  /** Natural logarithm of the answer token's probability. */
  readonly answerLogProb: number
  /** 1 + the number of tokens with a higher logit than the answer token. */
  readonly answerRank: number
  /** The answer token's logit minus the highest of all other tokens: above 0 where it is the greedy choice. */
  readonly answerLogitDifference: number
  /** Where they were asked for: the likeliest tokens, descending; the lowest id first among equals. */
  readonly top?: readonly TopToken[]
  /** Where answers are generated: the greedy tokens, `token` first; the one that ended the answer is the last. */
  readonly tokens?: readonly number[]
  /**
   * Where the item has `answerTokens`: log-probability of them all in a row behind the prompt, and the largest of their
   * ranks: 1 where greedy generation gives this answer.
   */
  readonly wholeAnswer?: { readonly logProb: number; readonly rank: number }
}

export interface TopToken {
  readonly token: number
  readonly logit: number
  /** Natural. */
  readonly logProb: number
}
