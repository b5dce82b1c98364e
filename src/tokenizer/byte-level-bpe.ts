import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Built, GgufTokenizer } from './gguf-tokenizer.js'

/** LLaMA 3's splitting pattern, as its tokenizer.json has it. */
const llama3Pattern =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }

interface Splitting {
  readonly preTokenizer: unknown
  /** Whether a piece that is a token is taken whole, whatever the merges would make of it. */
  readonly ignoreMerges?: boolean
  readonly addsBos?: boolean
}

/** llama.cpp's names of how text is split into pieces before merging, as the models' own tokenizer.json files say it. */
const splittings: Readonly<Record<string, Splitting>> = {
  'gpt-2': { preTokenizer: byteLevel },
  default: { preTokenizer: byteLevel },
  smollm: {
    preTokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel),
  },
  'llama-bpe': {
    preTokenizer: sequence(
      { type: 'Split', pattern: { Regex: llama3Pattern }, behavior: 'Isolated', invert: false },
      { ...byteLevel, use_regex: false },
    ),
    ignoreMerges: true,
    addsBos: true,
  },
}

/** GPT-2's kind of tokenizer: bytes as printable characters, merged in the order of the file's list. */
export function byteLevelBpe(path: string, { pre, tokens, merges }: GgufTokenizer): Built {
  const splitting = Object.hasOwn(splittings, pre) ? splittings[pre] : undefined
  if (!splitting) {
    const known = Object.keys(splittings)
    throw new TaskvecError(
      'MODEL',
      `${path}: unknown pre-tokenizer "${pre}"${didYouMean(pre, known)}; known: ${known.join(', ')}`,
      { hint: 'Take the Hugging Face folder of the model: its tokenizer.json is read as it is.' },
    )
  }
  return {
    tokenizer: {
      normalizer: null,
      pre_tokenizer: splitting.preTokenizer,
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: splitting.ignoreMerges ?? false,
      },
    },
    addsBos: splitting.addsBos ?? false,
  }
}

function sequence(...pretokenizers: unknown[]): unknown {
  return { type: 'Sequence', pretokenizers }
}
