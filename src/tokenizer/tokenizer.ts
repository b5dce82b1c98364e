import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Tokenizer as InnerTokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { isGgufFolder } from '../weights/gguf-parts.js'
import { mostTemplate, type ChatTemplate } from './chat-template.js'
import { ggufTokenizer } from './gguf-tokenizer.js'
import { specialTokens } from './special-tokens.js'
import type { TokenizerFiles } from './tokenizer-files.js'

export interface Tokenizer {
  /** Token ids; with `special`, including the tokens that the model's tokenizer adds, such as BOS. */
  readonly encode: (text: string, special: boolean) => number[]
  /** The text of one token; '' for special tokens. Part of a character decodes to U+FFFD. */
  readonly decodeToken: (token: number) => string
  /** The text of a sequence of tokens without special ones. Invalid bytes decode to U+FFFD. */
  readonly decode: (tokens: readonly number[]) => string
  /** The token for text that the vocabulary cannot write; undefined if it can write everything (byte-level BPE). */
  readonly unknownToken: number | undefined
  /** How contradictions between its files were resolved: see special-tokens.ts. */
  readonly warnings: readonly string[]
  /** Path of its files. */
  readonly path: string
  /** The chat template of a chat model. */
  readonly chat: ChatTemplate | undefined
}

/** The largest vocabularies take some 30 MB. */
const maxFileBytes = 100_000_000

/** The tokenizer of a checkpoint, from its folder's files or its GGUF's metadata. Errors: WEIGHTS, MODEL. */
export function loadTokenizer(checkpoint: Checkpoint): Tokenizer {
  const files = checkpoint.format === 'gguf' ? ggufTokenizer(checkpoint.path) : folderFiles(checkpoint.path)
  return buildTokenizer(checkpoint.path, files)
}

/** The tokenizer of a tokenizer.json, a Hugging Face folder or a GGUF file, without reading weights. Errors: WEIGHTS, MODEL. */
export function readTokenizer(path: string): Tokenizer {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    return buildTokenizer(path, isGgufFolder(path) ? ggufTokenizer(path) : folderFiles(path))
  if (!path.endsWith('.json')) return buildTokenizer(path, ggufTokenizer(path))
  return buildTokenizer(path, filesOf(path))
}

export function buildTokenizer(path: string, given: TokenizerFiles): Tokenizer {
  const { tokenizer } = given
  const config = Object.fromEntries(Object.entries(given.config).filter(([, value]) => value !== null))
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
    path,
    chat: given.chat,
  }
}

/** The unknown token in tokenizer.json's `model`; for WordLevel, the library reads only tokenizer_config.json, which rarely has it. */
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
  return filesOf(join(folder, 'tokenizer.json'))
}

function filesOf(tokenizer: string): TokenizerFiles {
  const config = configBeside(dirname(tokenizer))
  return { tokenizer: readJson(tokenizer), config, ...chatBeside(dirname(tokenizer), config) }
}

function configBeside(folder: string): Record<string, unknown> {
  const config = join(folder, 'tokenizer_config.json')
  return existsSync(config) ? readJson(config) : {}
}

/** The chat template of chat_template.jinja (newer transformers), else of tokenizer_config.json, as a string or several by name. */
function chatBeside(folder: string, config: Record<string, unknown>): { chat?: ChatTemplate } {
  const file = join(folder, 'chat_template.jinja')
  const inFile = (statSync(file, { throwIfNoEntry: false })?.size ?? Infinity) <= mostTemplate
  const { data } = templatesSchema.safeParse(config['chat_template'])
  const inConfig = Array.isArray(data) ? data.find(({ name }) => name === 'default')?.template : data
  const template = inFile ? readFileSync(file, 'utf8') : inConfig
  if (template === undefined || template.length > mostTemplate) return {}
  const tokens = ['bos_token', 'eos_token', 'unk_token', 'pad_token'].flatMap((name) => {
    const token = config[name] as string | { content?: unknown } | null | undefined
    const content = typeof token === 'object' ? token?.content : token
    return typeof content === 'string' ? [[name, content]] : []
  })
  return { chat: { template, tokens: Object.fromEntries(tokens) as Record<string, string> } }
}

const templatesSchema = z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])

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
