/**
 * The nouns of the paper, shared by every folder. Safe to import inside workflows.
 * Terms: demonstrations S, query x, dummy query x', task vector θ, layer L (0-based block).
 */

import type { Numerics, NumericsJson } from './numerics.js'

/** `algorithmic`, `translation`, `linguistic`, `knowledge`; `custom`, or a name of the user's own for their list. */
export type Category = string

/**
 * `exact`: equal after stripping. `prefix`: or one begins with the other (knowledge tasks). `first-token`: the greedy
 * token is the answer's first one, even if that is part of a character. See docs/datasets.md for all of them.
 */
export const scorings = ['exact', 'prefix', 'first-token', 'contains', 'normalised', 'f1', 'chrf'] as const
/** One of `scorings`; a graded one with its threshold; or a regular expression that extracts what is compared. */
export type ScoringRule = (typeof scorings)[number] | `${'f1' | 'chrf'} ${number}` | `regex ${string}`
/**
 * How answers are read and judged, as text that is part of each run's key: the rule alone if one token is generated, else the
 * canonical JSON of `{answer, rule}` (src/tasks/scoring.ts).
 */
export type Scoring = ScoringRule | `{${string}`

/** Answers of several tokens. */
export interface Answer {
  readonly maxTokens: number
  /** Texts that end an answer, which is cut where the first one begins. */
  readonly stop: readonly string[]
}

export type Split = 'baseline' | 'dev' | 'test'
/** A split of a list that comes with its own splits. */
export const listSplits = ['train', 'dev', 'test'] as const
export type ListSplit = (typeof listSplits)[number]
export type RunKind = 'baseline' | 'regular' | 'hypothesis'

/** One entry of a word list: x -> y. `accept` holds other accepted answers, for scoring only. */
export interface Pair {
  readonly input: string
  readonly output: string
  readonly accept: readonly string[]
  /** Only in a list with its own splits: S and x' come from train, queries from the others. */
  readonly split?: ListSplit
}

/** One (x_i, y_i) of S, exactly as in the prompt, including a leading space. */
export interface Demonstration {
  readonly input: string
  readonly output: string
}

/**
 * How a prompt is written (docs/protocol.md, Prompt): prefix, demonstrations and query, joined by the separator, and suffix.
 * {x} and {y} stand for input and output.
 */
export interface PromptFormat {
  readonly demonstration: string
  /** Ends where the answer begins. */
  readonly query: string
  readonly separator: string
  readonly prefix: string
  readonly suffix: string
  /** Only if the tokenizer must not add a BOS, because a chat template writes its own. */
  readonly bos?: false
}

/** A prompt format by name: a format, or the model's own chat template. */
export type PromptTemplate =
  | (PromptFormat & { readonly id: string })
  | {
      readonly id: string
      readonly chat: true
      /** The message of the role `system`; absent: none. */
      readonly system?: string | undefined
    }

/** The outputs in S: as they are, permuted within S, or redrawn from all pairs. */
export const labelRules = ['true', 'shuffled', 'random'] as const
export type LabelRule = (typeof labelRules)[number]

/** One test, dev or baseline entry, exactly as it is put into prompts. */
export interface Item {
  readonly demonstrations: readonly Demonstration[]
  readonly query: string
  /** Preferred answer; the log-probability and rank of its first token are recorded. */
  readonly answer: string
  readonly accept: readonly string[]
  /** Dummy queries x' from which θ is computed; empty for the baseline split. */
  readonly dummyQueries: readonly string[]
  /** Only where it is not the paper's. */
  readonly prompt?: PromptFormat
}

/** Vectors that a config gives to be patched in, instead of θ computed from S and x'. */
export interface GivenTheta {
  /** Their name in the config. */
  readonly name: string
  /** sha256 of layers and values, with the scale applied. */
  readonly hash: string
  /** Only if they are added to the state instead of replacing it. */
  readonly mode?: 'add'
  /** L of each; null or a single vector: patched in at any L. */
  readonly layers: readonly (number | null)[]
  /** `[layers, d_model]`, f32 little-endian. */
  readonly base64: string
}

/** A task as a config describes it, resolved and self-contained, so that it can be sent to another machine. */
export type TaskSpec = TaskSource & {
  readonly theta?: GivenTheta
  /** Its name in the report, instead of its id. */
  readonly label?: string
}

type TaskSource =
  | { readonly kind: 'builtin'; readonly id: string; readonly top?: number }
  | {
      readonly kind: 'list'
      readonly id: string
      readonly scoring: ScoringRule
      readonly singleToken: boolean
      readonly pairs: readonly Pair[]
      /** Only if the config names one. */
      readonly category?: string
    }
  | {
      readonly kind: 'items'
      readonly id: string
      readonly scoring: ScoringRule
      readonly items: Readonly<Record<Split, readonly Item[]>>
      readonly category?: string
    }

/** The settings of the main experiment that determine its results (docs/protocol.md, Main experiment). */
export interface Protocol {
  readonly seed: number
  /** k, the number of demonstrations in S. */
  readonly demonstrations: number
  /** Number of dummy queries x' whose last-token states are averaged into θ. */
  readonly dummyQueries: number
  /** Whether a dummy query may also be the input of a demonstration (the authors' code: yes). */
  readonly dummyMayBeDemonstration: boolean
  readonly testItems: number
  readonly devItems: number
  readonly baselineItems: number
  /** Absent: answers are of one token. */
  readonly answer?: Answer
  /** Only where it is not the paper's. */
  readonly prompt?: PromptTemplate
  /** Only if they are not the true ones. */
  readonly demonstrationLabels?: Exclude<LabelRule, 'true'>
  /** Only if demonstrations are not in the order drawn: the seed of a further shuffle. */
  readonly orderSeed?: number
  /** Only for one of several settings that share their items (docs/protocol.md, Sampling). */
  readonly paired?: Pairing
}

/** What determines the draws of all settings of a group. */
export interface Pairing {
  /** The k that is drawn as it would be alone: smaller S are its first demonstrations, larger ones continue it. */
  readonly demonstrations: number
  /** The largest of any setting. */
  readonly dummyQueries: number
  /** Pairs must be usable under all of them; those of the first are drawn as they would be alone. */
  readonly prompts: readonly PromptTemplate[]
}

/** A task prepared for one model: its pairs filtered by the tokenizer, its items drawn. */
export interface PreparedTask {
  readonly task: string
  readonly category: Category
  readonly scoring: Scoring
  /** The reading that the single-token filter chose; `as-written` if no filter applies. */
  readonly reading: 'leading-space' | 'no-space' | 'as-written'
  /** Pairs that passed the filter; null if inputs are generated or items explicit. */
  readonly pairs: readonly Pair[] | null
  readonly items: Readonly<Record<Split, readonly Item[]>>
  readonly warnings: readonly string[]
}

/** Describes a loaded model; `modelHash` covers weights, config and tokenizer. */
export interface ModelInfo {
  readonly modelHash: string
  readonly architecture: string
  /** N: the number of blocks, so the choices of L are 0..N-1. */
  readonly blocks: number
  readonly dModel: number
  readonly vocab: number
  /** The tokenizer's unknown token; absent if it can write everything. */
  readonly unknownToken?: number
  readonly parameters: number
  /** For instance `safetensors F32` or `gguf Q4_1`. */
  readonly weights: string
  readonly numerics: Numerics
  /** How ambiguities in its files were resolved; absent if there were none. */
  readonly warnings?: readonly string[]
}

/** The content and set-up behind a sweep's results of one model: a worker with other files or another set-up does not compute for it. */
export interface ModelContent {
  readonly hash: string
  readonly numerics: NumericsJson
}

/** Per-item outcomes of one run, in columns: entry i belongs to item i of the split. */
export interface Predictions {
  readonly tokens: readonly number[]
  /** The token's text, special tokens skipped, cut at the first newline, unstripped. */
  readonly texts: readonly string[]
  readonly correct: readonly boolean[]
  /** Natural log-probability of the answer's first token. */
  readonly answerLogProbs: readonly number[]
  /** 1 = the answer's first token is the greedy choice. */
  readonly answerRanks: readonly number[]
  /** That token's logit minus the highest of all others. */
  readonly answerLogitDifferences: readonly number[]
  /** Under a graded rule, 0 to 1. */
  readonly scores?: readonly number[]
  /** If answers of several tokens were generated; `texts` are theirs. */
  readonly whole?: WholeAnswers
}

export interface WholeAnswers {
  /** Generated greedily; the one that ended the answer is the last. */
  readonly tokens: readonly (readonly number[])[]
  /** Natural logarithm of the joint probability of all tokens of the right answer. */
  readonly logProbs: readonly number[]
  /** The largest rank of its tokens: 1 if greedy generation begins with it. */
  readonly ranks: readonly number[]
}

/** One run over one split: baseline, regular, or hypothesis at one layer L. */
export interface RunResult {
  readonly kind: RunKind
  readonly split: Split
  /** The patched layer L; null for baseline and regular. */
  readonly layer: number | null
  readonly predictions: Predictions
}
