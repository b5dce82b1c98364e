import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { miniaturesFolder, modelCatalog } from '../models/catalog.js'
import { locateModel, modelRef, pulledModel } from '../models/locate.js'
import type { Encoder } from '../tasks/single-token.js'
import type { Coder } from '../tasks/first-token.js'
import { readTokenizer } from '../tokenizer/tokenizer.js'

export interface NamedTokenizer {
  readonly name: string
  readonly encoder: Encoder & Coder
}

/** Tokenizers of the catalogue's models that are pulled or come with taskvec, once per distinct tokenizer.json. */
export function atHand(): NamedTokenizer[] {
  const sharing = new Map<string, string[]>()
  for (const { id, files } of modelCatalog()) {
    if (pulledModel(id) === null && !existsSync(join(miniaturesFolder(), id, 'tokenizer.json'))) continue
    const content = files.find(({ name }) => name === 'tokenizer.json')?.sha256 ?? id
    sharing.set(content, [...(sharing.get(content) ?? []), id])
  }
  return [...sharing.values()].map((ids) => {
    const [first = ''] = ids
    const { name, encoder } = namedTokenizer(first)
    return { name: ids.length === 1 ? name : `${name} and ${ids.length - 1} more`, encoder }
  })
}

/** The tokenizer of a tokenizer.json, a model's folder, a GGUF file or a model of the catalogue. Errors: MODEL, WEIGHTS. */
export function namedTokenizer(pathOrId: string): NamedTokenizer {
  const committed = join(miniaturesFolder(), pathOrId)
  const path = existsSync(join(committed, 'tokenizer.json')) ? committed : locateModel(modelRef(pathOrId))
  const { encode, decodeToken, unknownToken } = readTokenizer(path)
  return {
    name: basename(path) === 'tokenizer.json' ? basename(dirname(path)) : basename(pathOrId),
    encoder: {
      encode: async (texts, { special = true } = {}) => texts.map((text) => encode(text, special)),
      decode: async (tokens) => tokens.map(decodeToken),
      unknownToken,
    },
  }
}
