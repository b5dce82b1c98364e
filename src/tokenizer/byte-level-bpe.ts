import { didYouMean } from '../domain/did-you-mean.js'
import { TaskvecError } from '../domain/errors.js'
import type { Built, GgufTokenizer } from './gguf-metadata.js'
import { preTokenizers, type PreTokenizer } from './pre-tokenizers.js'

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }

/** A tokenizer like GPT-2's: bytes as printable characters, merged in the order of the file's list. Errors: MODEL. */
export function byteLevelBpe(path: string, { pre, tokens, merges }: GgufTokenizer): Built {
  const { patterns, nfc, ignoreMerges, addsBos } = preTokenizerOf(path, pre)
  const splits = patterns.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }))
  return {
    tokenizer: {
      normalizer: nfc ? { type: 'NFC' } : null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [...splits, byteLevel, ...without(missingBytes(tokens))],
      },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: ignoreMerges ?? false,
      },
    },
    addsBos: addsBos ?? false,
  }
}

/** Characters without a token in the vocabulary are removed before merging, as in Hugging Face's tokenizers. */
function without(characters: readonly string[]) {
  return characters.length === 0
    ? []
    : [{ type: 'Replace', pattern: { Regex: `[${characters.join('')}]` }, content: '' }]
}

/** Byte characters without a token in the vocabulary: SmolLM2 lacks six control characters. */
function missingBytes(tokens: readonly string[]): string[] {
  const known = new Set(tokens)
  let next = 256
  const characters = Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
    return String.fromCodePoint(printable ? byte : next++)
  })
  // Some printable ones are special in a pattern, but no vocabulary lacks them.
  return characters.filter((character) => !known.has(character) && !/[\]^\\-]/.test(character))
}

function preTokenizerOf(path: string, pre: string | undefined): PreTokenizer {
  const hint =
    'Take the Hugging Face folder of the model, or write the name into a copy: ' +
    'pip install gguf; gguf-new-metadata --pre-tokenizer NAME OLD.gguf NEW.gguf'
  if (pre === undefined)
    throw new TaskvecError(
      'MODEL',
      `${path}: no tokenizer.ggml.pre: the pre-tokenizer is unknown, and a wrong guess changes the tokens`,
      { hint: `${hint} (llama-bpe for Llama 3, qwen2 for Qwen 2 and 3, gpt-2 for GPT-2).` },
    )
  const found = preTokenizers.get(pre)
  if (found) return found
  const known = [...preTokenizers.keys()]
  throw new TaskvecError(
    'MODEL',
    `${path}: unknown pre-tokenizer "${pre}"${didYouMean(pre, known)}; known: ${known.join(', ')}`,
    { hint: `${hint}.` },
  )
}
