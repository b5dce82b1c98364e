import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Tokenizer as InnerTokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { isGgufFolder } from '../weights/gguf-parts.js'
import { ggufTokenizer } from './gguf-tokenizer.js'
import { specialTokens } from './special-tokens.js'
import type { TokenizerFiles } from './tokenizer-files.js'

export interface Tokenizer {
  /** Token ids; `special` adds what the model's own tokenizer adds, a BOS where it has one. */
  readonly encode: (text: string, special: boolean) => number[]
  /** The text of one token alone; '' for special tokens. A piece of a character decodes to U+FFFD. */
  readonly decodeToken: (token: number) => string
  /** The text of tokens in a row, special ones left out. Bytes that are no character decode to U+FFFD. */
  readonly decode: (tokens: readonly number[]) => string
  /** Stands for what the vocabulary can't write; undefined where everything can be written (byte-level BPE). */
  readonly unknownToken: number | undefined
  /** How its files were taken where they contradict themselves: see special-tokens.ts. */
  readonly warnings: readonly string[]
}

/** The largest vocabularies take some 30 MB. */
const maxFileBytes = 100_000_000

/** The tokenizer of a checkpoint: from its folder's files, or from its GGUF's metadata. Throws WEIGHTS, MODEL. */
export function loadTokenizer(checkpoint: Checkpoint): Tokenizer {
  const files = checkpoint.format === 'gguf' ? ggufTokenizer(checkpoint.path) : folderFiles(checkpoint.path)
  return buildTokenizer(checkpoint.path, files)
}

/** The tokenizer of a tokenizer.json, of a Hugging Face folder or of a GGUF file, weights unseen. Throws WEIGHTS, MODEL. */
export function readTokenizer(path: string): Tokenizer {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return buildTokenizer(path, isGgufFolder(path) ? ggufTokenizer(path) : folderFiles(path))
  if (!path.endsWith('.json')) return buildTokenizer(path, ggufTokenizer(path))
  return buildTokenizer(path, { tokenizer: readJson(path), config: configBeside(dirname(path)) })
}

export function buildTokenizer(path: string, { tokenizer, config: given }: TokenizerFiles): Tokenizer {
  const config = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  const files = { tokenizer, config }
  const unknown = unknownOf(files)
  const inner = open(path, files, unknown?.content)
  const { behind, warnings } = specialTokens(path, files, (text, special) =>
    Array.from(inner.encode(text, { add_special_tokens: special }).ids),
  )
  const decode = (tokens: readonly number[]) =>
    inner.decode([...tokens], { skip_special_tokens: true, clean_up_tokenization_spaces: false })
  return {
    encode: (text, special) => {
      const all = Array.from(inner.encode(text, { add_special_tokens: special }).ids)
      const ids = special && behind > 0 ? all.slice(0, -behind) : all
      // A word-level vocabulary without an unknown token; the reference implementation fails here too.
      if (ids.some((id) => (id as number | undefined) === undefined))
        throw new TaskvecError(
          'MODEL',
          `${path}: the tokenizer can't write ${JSON.stringify(text.slice(0, 80))}`,
          {
            hint: 'Its vocabulary has no such word and no unknown token (model.unk_token in tokenizer.json).',
          },
        )
      return ids
    },
    decodeToken: (token) => decode([token]),
    decode,
    unknownToken: unknown?.id,
    warnings,
  }
}

/** Of tokenizer.json's `model`; the library reads a WordLevel's from tokenizer_config.json only, where few have it. */
function unknownOf({ tokenizer }: TokenizerFiles): { id: number; content?: string } | undefined {
  const { success, data } = modelSchema.safeParse(tokenizer.model)
  if (!success) return undefined
  const { unk_token: content, unk_id, vocab } = data
  if (typeof content !== 'string') return typeof unk_id === 'number' ? { id: unk_id } : undefined
  const id = Array.isArray(vocab) || !Object.hasOwn(vocab, content) ? undefined : vocab[content]
  return typeof id === 'number' ? { id, content } : undefined
}

const modelSchema = z.object({
  unk_token: z.string().nullish(),
  unk_id: z.number().nullish(),
  vocab: z.union([z.array(z.unknown()), z.custom<Record<string, unknown>>((value) => isRecord(value))]),
})

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function open(path: string, files: TokenizerFiles, unknown: string | undefined): InnerTokenizer {
  const config = unknown === undefined ? files.config : { ...files.config, unk_token: unknown }
  try {
    return new InnerTokenizer(files.tokenizer, config)
  } catch (cause) {
    throw new TaskvecError(
      'WEIGHTS',
      `${path}: the tokenizer cannot be opened: ${(cause as Error).message}`,
      { cause },
    )
  }
}

function folderFiles(folder: string): TokenizerFiles {
  return { tokenizer: readJson(join(folder, 'tokenizer.json')), config: configBeside(folder) }
}

function configBeside(folder: string): Record<string, unknown> {
  const config = join(folder, 'tokenizer_config.json')
  return existsSync(config) ? readJson(config) : {}
}

function readJson(file: string): Record<string, unknown> {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) {
    throw new TaskvecError('WEIGHTS', `${file}: missing`, {
      hint: 'A tokenizer.json is needed; a tokenizer.model alone cannot be read.',
    })
  }
  if (size > maxFileBytes)
    throw new TaskvecError('WEIGHTS', `${file}: ${size} bytes; at most ${maxFileBytes} are allowed`)
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  } catch (cause) {
    throw new TaskvecError('WEIGHTS', `${file}: not JSON: ${(cause as Error).message}`, { cause })
  }
}
