import { encode } from 'gpt-tokenizer/encoding/r50k_base'
import { basename, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { namedTokenizer } from '../../src/cli/named-tokenizers.js'
import { wordListIds, wordListTask } from '../../src/tasks/lists.js'
import { singleTokenReading, type Encoder } from '../../src/tasks/single-token.js'

/** Lists of foreign words must keep this many pairs with every model. */
export const required = { lists: ['translation_en_fr', 'translation_en_es'], pairs: 100 }

interface NamedEncoder {
  readonly name: string
  readonly encoder: Encoder
}

/** GPT-2's, GPT-J's too, from npm gpt-tokenizer. */
export const gpt2: NamedEncoder = {
  name: 'GPT-2',
  encoder: { encode: async (texts) => texts.map((text) => encode(text)) },
}

/** LLaMA's, from npm llama-tokenizer-js; its vocabulary is not in a tokenizer.json. */
async function llama(path: string): Promise<NamedEncoder> {
  const { default: tokenizer } = (await import(pathToFileURL(resolve(path)).href)) as {
    default: { encode(text: string, bos: boolean, precedingSpace: boolean): number[] }
  }
  return {
    name: 'LLaMA',
    encoder: {
      encode: async (texts, { special = true } = {}) =>
        texts.map((text) => tokenizer.encode(text, special, true)),
    },
  }
}

/**
 * `npm run data:survivors -- PATH...`: how many pairs of each word list pass the single-token filter in both readings, with GPT-2's
 * tokenizer and those named, as in docs/word-lists.md. Exit code 1 if a list keeps fewer pairs than required.
 */
async function print(paths: readonly string[]): Promise<void> {
  const tokenizers = [gpt2]
  for (const path of paths)
    tokenizers.push(basename(path) === 'llama-tokenizer.js' ? await llama(path) : namedTokenizer(path))

  row(['list', 'scoring', 'pairs', ...tokenizers.flatMap(({ name }) => [`${name} " y"`, `${name} "y"`])])
  row(Array.from({ length: 3 + 2 * tokenizers.length }, () => '---'))
  const tooFew: string[] = []
  for (const id of wordListIds()) {
    const { pairs, scoring } = wordListTask(id)
    const cells: string[] = []
    for (const { name, encoder } of tokenizers) {
      const { reading, pairs: left, kept } = await singleTokenReading(pairs, encoder)
      const { leadingSpace, noSpace } = kept
      cells.push(
        ...(reading === 'leading-space'
          ? [`**${leadingSpace}**`, `${noSpace}`]
          : [`${leadingSpace}`, `**${noSpace}**`]),
      )
      if (required.lists.includes(id) && left.length < required.pairs)
        tooFew.push(`${id} keeps ${left.length} pairs with ${name}; at least ${required.pairs} are required`)
    }
    row([id, scoring, `${pairs.length}`, ...cells])
  }
  for (const text of tooFew) process.stderr.write(`error: ${text}\n`)
  if (tooFew.length > 0) process.exitCode = 1
}

function row(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await print(process.argv.slice(2))
