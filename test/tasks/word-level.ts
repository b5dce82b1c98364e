import type { TokenizerFiles } from '../../src/tokenizer/tokenizer-files.js'

const promptFrame = ['example', ':', '->', '\n']

/** A word-level tokenizer.json, a token a word: what it does not know becomes `[UNK]`. Spaces are dropped. */
export function wordLevel(
  words: readonly string[],
  { frame = promptFrame, unknown = '[UNK]' }: { frame?: readonly string[]; unknown?: string | null } = {},
): TokenizerFiles {
  const vocab = [...(unknown === null ? [] : [unknown]), ...frame, ...words].map((word, id) => [word, id])
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: {
        type: 'Split',
        pattern: { Regex: '->|:|\\n|[^\\s:>-]+' },
        behavior: 'Removed',
        invert: true,
      },
      post_processor: null,
      decoder: null,
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(vocab) as Record<string, number>,
        ...(unknown === null ? {} : { unk_token: unknown }),
      },
    },
    config: {},
  }
}
