import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import { BoundedFile } from '../weights/bounded-file.js'
import { readGguf, type GgufValue } from '../weights/gguf.js'
import { byteLevelBpe } from './byte-level-bpe.js'
import { sentencePiece } from './sentence-piece.js'
import type { TokenizerFiles } from './tokenizer.js'

/** Metadata of a tokenizer in a GGUF file, without the prefix `tokenizer.ggml.` (ggml's docs/gguf.md). */
const schema = z.object({
  model: z.string(),
  pre: z.string().default('default'),
  tokens: z.array(z.string()).min(1),
  merges: z.array(z.string()).default([]),
  scores: z.array(z.number()).optional(),
  token_type: z.array(z.number()).optional(),
  add_bos_token: z.boolean().optional(),
  add_space_prefix: z.boolean().default(true),
  bos_token_id: z.number().optional(),
  unknown_token_id: z.number().default(0),
})

export type GgufTokenizer = z.infer<typeof schema>

/** ggml's token types, as far as they matter here. */
const controlToken = 3
const userToken = 4

const builders: Readonly<Record<string, (path: string, metadata: GgufTokenizer) => Built>> = {
  gpt2: byteLevelBpe,
  llama: sentencePiece,
}

/** What differs between kinds of tokenizer: parts of tokenizer.json, and whether a BOS is added where no key says so. */
export interface Built {
  readonly tokenizer: Readonly<Record<string, unknown>>
  readonly addsBos: boolean
}

/** tokenizer.json's contents, made from the metadata of a GGUF file. Errors: MODEL where its kind is unknown, WEIGHTS. */
export function ggufTokenizer(path: string): TokenizerFiles {
  const file = new BoundedFile(path)
  try {
    return tokenizerOf(path, readGguf(file).metadata)
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
      `${path}: tokenizer "${String(kind)}" in a GGUF; known: gpt2 (byte-level BPE), llama (SentencePiece)`,
      { hint: 'Take the Hugging Face folder of the model: its tokenizer.json is read as it is.' },
    )
  }
  const parsed = schema.safeParse(
    Object.fromEntries(Object.keys(schema.shape).map((key) => [key, metadata.get(`tokenizer.ggml.${key}`)])),
  )
  if (!parsed.success)
    throw new TaskvecError('WEIGHTS', `${path}: tokenizer metadata: ${z.prettifyError(parsed.error)}`)
  const { tokenizer, addsBos } = build(path, parsed.data)
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(parsed.data),
      post_processor: (parsed.data.add_bos_token ?? addsBos) ? prependBos(path, parsed.data) : null,
      ...tokenizer,
    },
    config: {},
  }
}

function addedTokens({ tokens, token_type: types }: GgufTokenizer): unknown[] {
  return tokens.flatMap((content, id) => {
    const type = types?.[id]
    if (type !== controlToken && type !== userToken) return []
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false }
    return [{ id, content, special: type === controlToken, ...plain }]
  })
}

function prependBos(path: string, { tokens, bos_token_id: id }: GgufTokenizer): unknown {
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
