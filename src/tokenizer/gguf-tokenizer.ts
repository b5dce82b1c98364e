import { TaskvecError } from '../domain/errors.js'
import { malformed } from '../system/zod-issue.js'
import { BoundedFile } from '../weights/bounded-file.js'
import { readGguf, type GgufValue } from '../weights/gguf.js'
import { ggufFiles } from '../weights/gguf-parts.js'
import { byteLevelBpe } from './byte-level-bpe.js'
import { mostTemplate, type ChatTemplate } from './chat-template.js'
import { ggufTokenizerSchema, type Built, type GgufTokenizer } from './gguf-metadata.js'
import { sentencePiece } from './sentence-piece.js'
import type { TokenizerFiles } from './tokenizer-files.js'

/** ggml's type of control tokens. */
const controlToken = 3
const userToken = 4

const builders: Readonly<Record<string, (path: string, metadata: GgufTokenizer) => Built>> = {
  gpt2: byteLevelBpe,
  llama: sentencePiece,
}

/** The contents of tokenizer.json, built from a GGUF file's metadata. Errors: MODEL if the kind of tokenizer is unknown, WEIGHTS. */
export function ggufTokenizer(path: string): TokenizerFiles {
  const [first = path] = ggufFiles(path)
  const file = new BoundedFile(first)
  try {
    return tokenizerOf(first, readGguf(file).metadata)
  } finally {
    file.close()
  }
}

export function tokenizerOf(path: string, metadata: ReadonlyMap<string, GgufValue>): TokenizerFiles {
  const kind = metadata.get('tokenizer.ggml.model')
  const build = typeof kind === 'string' && Object.hasOwn(builders, kind) ? builders[kind] : undefined
  if (!build) {
    throw new TaskvecError(
      'MODEL',
      `${path}: ${kind === undefined ? 'no tokenizer' : `tokenizer "${String(kind)}"`} in a GGUF; known: gpt2 (byte-level BPE), llama (SentencePiece)`,
      { hint: 'Use the model’s Hugging Face folder, whose tokenizer.json is read as it is.' },
    )
  }
  const parsed = ggufTokenizerSchema.safeParse(
    Object.fromEntries(
      Object.keys(ggufTokenizerSchema.shape).map((key) => [key, metadata.get(`tokenizer.ggml.${key}`)]),
    ),
  )
  if (!parsed.success)
    throw new TaskvecError('WEIGHTS', `${path}: tokenizer metadata: ${malformed(parsed.error)}`)
  refuseUnfit(path, parsed.data)
  const { tokenizer, addsBos, bos } = build(path, parsed.data)
  const { add_bos_token: addBos = addsBos, bos_token_id: bosId = bos } = parsed.data
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(parsed.data),
      post_processor: addBos ? prependBos(path, parsed.data.tokens, bosId) : null,
      ...tokenizer,
    },
    config: {},
    ...chatOf(metadata, parsed.data.tokens),
  }
}

/** The chat template, and the texts of the tokens that it refers to. */
function chatOf(metadata: ReadonlyMap<string, GgufValue>, texts: readonly string[]): { chat?: ChatTemplate } {
  const template = metadata.get('tokenizer.chat_template')
  if (typeof template !== 'string' || template.length > mostTemplate) return {}
  const tokens = (['bos', 'eos'] as const).flatMap((name) => {
    const text = texts[Number(metadata.get(`tokenizer.ggml.${name}_token_id`) ?? -1)]
    return text === undefined ? [] : [[`${name}_token`, text]]
  })
  return { chat: { template, tokens: Object.fromEntries(tokens) as Record<string, string> } }
}

function refuseUnfit(path: string, { tokens, token_type: types, ...metadata }: GgufTokenizer): void {
  // θ is read at the last token of a prompt, "->".
  for (const key of ['add_eos_token', 'add_sep_token'] as const)
    if (metadata[key])
      throw new TaskvecError(
        'MODEL',
        `${path}: tokenizer.ggml.${key} is true: a token would be added after each prompt, following its last "->"`,
        {
          hint: `Set it to false in a copy: pip install gguf; gguf-set-metadata COPY.gguf tokenizer.ggml.${key} 0`,
        },
      )
  if (types && types.length !== tokens.length)
    throw new TaskvecError('WEIGHTS', `${path}: ${types.length} token types for ${tokens.length} tokens`)
  const ids = new Map<string, number>()
  for (const [id, token] of tokens.entries()) {
    const twin = ids.get(token)
    if (twin !== undefined)
      throw new TaskvecError('WEIGHTS', `${path}: tokens ${twin} and ${id} are both ${JSON.stringify(token)}`)
    ids.set(token, id)
  }
}

function addedTokens({ tokens, token_type: types }: GgufTokenizer): unknown[] {
  return tokens.flatMap((content, id) => {
    const type = types?.[id]
    if (content === '' || (type !== controlToken && type !== userToken)) return []
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false }
    return [{ id, content, special: type === controlToken, ...plain }]
  })
}

function prependBos(path: string, tokens: readonly string[], id: number | undefined): unknown {
  const token = id === undefined ? undefined : tokens[id]
  if (token === undefined)
    throw new TaskvecError('WEIGHTS', `${path}: a BOS is to be added, but bos_token_id is ${id ?? 'missing'}`)
  const bos = { SpecialToken: { id: token, type_id: 0 } }
  const a = { Sequence: { id: 'A', type_id: 0 } }
  return {
    type: 'TemplateProcessing',
    single: [bos, a],
    pair: [bos, a, { Sequence: { id: 'B', type_id: 0 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  }
}
