/** Metrics of the next token at one last token. */
export interface AnswerMetrics {
  /** Greedy choice; the lowest id among equal logits. */
  readonly token: number
  /** Natural logarithm of the answer token's probability. */
  readonly answerLogProb: number
  /** 1 + the number of tokens with a higher logit than the answer token. */
  readonly answerRank: number
  /** The answer token's logit minus the highest other logit: above 0 if it is the greedy choice. */
  readonly answerLogitDifference: number
  /** If requested, the most likely tokens, descending; ties go to the lowest id. */
  readonly top?: readonly TopToken[]
  /** If answers are generated, the greedy tokens, `token` first, up to and including the one that ended the answer. */
  readonly tokens?: readonly number[]
  /**
   * If the item has `answerTokens`: their joint log-probability after the prompt, and the largest of their ranks, which is 1 if
   * greedy generation gives this answer.
   */
  readonly wholeAnswer?: { readonly logProb: number; readonly rank: number }
}

export interface TopToken {
  readonly token: number
  readonly logit: number
  /** Natural. */
  readonly logProb: number
}
