import { z } from 'zod'
import { didYouMean } from '../domain/nearest.js'
import { TaskvecError } from '../domain/errors.js'
import { BoundedFile } from '../weights/bounded-file.js'
import { readGguf, type GgufFile } from '../weights/gguf.js'
import type { TokenizerFiles } from './tokenizer.js'

/**
 * The pre-tokenizers that llama.cpp names in `tokenizer.ggml.pre`, as tokenizer.json writes them. The patterns are
 * those of the models' own tokenizer.json files.
 */
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
const llama3Pattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
const preTokenizers: Readonly<Record<string, unknown>> = {
  'gpt-2': byteLevel,
  default: byteLevel,
  smollm: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
  'llama-bpe': {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: llama3Pattern }, behavior: 'Isolated', invert: false },
      { ...byteLevel, use_regex: false },
    ],
  },
}

/** ggml's token types: 3 = control; 4 = user defined. */
const controlToken = 3
const userToken = 4

const schema = z.object({
  model: z.string(),
  pre: z.string().default('default'),
  tokens: z.array(z.string()).min(1),
  merges: z.array(z.string()),
  token_type: z.array(z.number()).optional(),
  add_bos_token: z.boolean().optional(),
  bos_token_id: z.number().optional(),
})

/** tokenizer.json's contents, made from the metadata of a GGUF file with a byte-level BPE. Throws MODEL. */
export function ggufTokenizer(path: string): TokenizerFiles {
  const file = new BoundedFile(path)
  try {
    return fromMetadata(path, readGguf(file))
  } finally {
    file.close()
  }
}

function fromMetadata(path: string, gguf: GgufFile): TokenizerFiles {
  const kind = gguf.metadata.get('tokenizer.ggml.model')
  if (kind !== 'gpt2') {
    throw new TaskvecError(
      'MODEL',
      `${path}: tokenizer "${String(kind)}" in a GGUF; known: gpt2 (byte-level BPE)`,
      {
        hint: 'Take the Hugging Face folder of the model: its tokenizer.json is read as it is.',
      },
    )
  }
  const parsed = schema.safeParse(
    Object.fromEntries(
      Object.keys(schema.shape).map((key) => [key, gguf.metadata.get(`tokenizer.ggml.${key}`)]),
    ),
  )
  if (!parsed.success)
    throw new TaskvecError('WEIGHTS', `${path}: tokenizer metadata: ${z.prettifyError(parsed.error)}`)
  const { pre, tokens, merges, token_type: types, add_bos_token: addBos, bos_token_id: bos } = parsed.data

  const preTokenizer = preTokenizers[pre]
  if (!preTokenizer) {
    const known = Object.keys(preTokenizers)
    throw new TaskvecError(
      'MODEL',
      `${path}: unknown pre-tokenizer "${pre}"${didYouMean(pre, known)}; known: ${known.join(', ')}`,
      {
        hint: 'Take the Hugging Face folder of the model: its tokenizer.json is read as it is.',
      },
    )
  }
  const added = tokens.flatMap((content, id) => {
    const type = types?.[id]
    if (type !== controlToken && type !== userToken) return []
    return [
      {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type === controlToken,
      },
    ]
  })
  const bosToken = addBos && bos !== undefined ? tokens[bos] : undefined
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: null,
      pre_tokenizer: preTokenizer,
      post_processor: bosToken === undefined ? null : prependBos(bosToken, bos as number),
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
        fuse_unk: false,
        byte_fallback: false,
      },
    },
    config: {},
  }
}

function prependBos(token: string, id: number): unknown {
  const bos = { SpecialToken: { id: token, type_id: 0 } }
  const a = { Sequence: { id: 'A', type_id: 0 } }
  return {
    type: 'TemplateProcessing',
    single: [bos, a],
    pair: [bos, a, { Sequence: { id: 'B', type_id: 0 } }],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  }
}
