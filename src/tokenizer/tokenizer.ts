import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { ggufTokenizer } from './gguf-tokenizer.js'

export interface Tokenizer {
  /** Token ids; `special` adds what the model's own tokenizer adds, a BOS where it has one. */
  encode(text: string, special: boolean): number[]
  /** The text of one token alone; '' for special tokens. A piece of a character decodes to U+FFFD. */
  decodeToken(token: number): string
}

/** tokenizer.json and tokenizer_config.json, parsed. */
export interface TokenizerFiles {
  readonly tokenizer: Record<string, unknown>
  readonly config: Record<string, unknown>
}

/** The part of the library's class that is used; its own type declarations do not resolve under NodeNext. */
interface InnerTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] }
  decode(
    tokens: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string
}
const InnerTokenizer = HuggingFaceTokenizer as unknown as new (
  tokenizer: object,
  config: object,
) => InnerTokenizer

/** The largest vocabularies take some 30 MB. */
const maxFileBytes = 100_000_000

/** The tokenizer of a checkpoint: from its folder's files, or from its GGUF's metadata. Throws WEIGHTS, MODEL. */
export function loadTokenizer(checkpoint: Checkpoint): Tokenizer {
  const files = checkpoint.format === 'gguf' ? ggufTokenizer(checkpoint.path) : folderFiles(checkpoint.path)
  return buildTokenizer(checkpoint.path, files)
}

export function buildTokenizer(path: string, files: TokenizerFiles): Tokenizer {
  const inner = open(path, files)
  return {
    encode: (text, special) => Array.from(inner.encode(text, { add_special_tokens: special }).ids),
    decodeToken: (token) =>
      inner.decode([token], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
  }
}

function open(path: string, files: TokenizerFiles): InnerTokenizer {
  try {
    return new InnerTokenizer(files.tokenizer, files.config)
  } catch (cause) {
    throw new TaskvecError(
      'WEIGHTS',
      `${path}: the tokenizer cannot be opened: ${(cause as Error).message}`,
      { cause },
    )
  }
}

function folderFiles(folder: string): TokenizerFiles {
  const config = join(folder, 'tokenizer_config.json')
  return {
    tokenizer: readJson(join(folder, 'tokenizer.json')),
    config: existsSync(config) ? readJson(config) : {},
  }
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
