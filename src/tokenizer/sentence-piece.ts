import { TaskvecError } from '../domain/errors.js'
import type { Built, GgufTokenizer } from './gguf-metadata.js'

/** SentencePiece's stand-in for a space. */
const space = '▁'

/** ggml's token type of pieces of text. */
const normalToken = 1

/** SentencePiece's default ids. */
const [defaultUnknown, defaultBos] = [0, 1]

/**
 * A tokenizer like that of LLaMA 1 and 2: SentencePiece BPE with byte fallback, spaces as `▁`, and one put before the text. The parts
 * are those of these models' tokenizer.json.
 */
export function sentencePiece(path: string, metadata: GgufTokenizer): Built {
  const { tokens, unknown_token_id: unknown = defaultUnknown, add_space_prefix: prefix } = metadata
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: space }
  return {
    tokenizer: {
      normalizer: {
        type: 'Sequence',
        normalizers: [...(prefix ? [{ type: 'Prepend', prepend: space }] : []), replace],
      },
      pre_tokenizer: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: space }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
        ],
      },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: mergesOf(path, metadata),
        unk_token: tokens[unknown] ?? null,
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
      },
    },
    addsBos: true,
    bos: defaultBos,
  }
}

/**
 * Merges from the file's token scores: every split of a token into two others is a merge, and merges that make tokens of higher score
 * come first.
 */
function mergesOf(path: string, { tokens, scores, token_type: types }: GgufTokenizer): [string, string][] {
  if (scores?.length !== tokens.length)
    throw new TaskvecError('WEIGHTS', `${path}: ${scores?.length ?? 'no'} scores for ${tokens.length} tokens`)
  // Control tokens, bytes and user-defined tokens take no part in merges.
  const pieces = tokens
    .map((token, id) => ({ token, id, score: scores[id] ?? 0 }))
    .filter(({ id }) => types === undefined || types[id] === normalToken)
  const known = new Map(pieces.map(({ token, id }) => [token, id]))
  const byScore = pieces.sort((a, b) => b.score - a.score)
  return byScore.flatMap(({ token }) => {
    // Longer tokens are not text, and the cost of their splits grows with the square of their length.
    if (token.length > 200 && Array.from(token).length > 200) return []
    const splits: { readonly of: [string, string]; readonly leftId: number }[] = []
    let at = 0
    // The right part only where the left one is a token: a vocabulary of 262,144 tokens has 1.2 million splits.
    for (const character of token) {
      at += character.length
      const left = token.slice(0, at)
      const leftId = at < token.length ? known.get(left) : undefined
      if (leftId !== undefined && known.has(token.slice(at)))
        splits.push({ of: [left, token.slice(at)], leftId })
    }
    return splits.sort((a, b) => a.leftId - b.leftId).map(({ of }) => of)
  })
}
