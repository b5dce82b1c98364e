import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own } from './sources.js'

/** The four translation lists from translations.txt. */
export function translationLists(): GeneratedList[] {
  const [french, spanish] = [table('translations.txt', 1), table('translations.txt', 2)]
  return [
    list('fr_en', 'French to English', french),
    list('es_en', 'Spanish to English', spanish),
    list('en_fr', 'English to French', french),
    list('en_es', 'English to Spanish', spanish),
  ]
}

/** The two further ones from translations-it.txt. */
export function italianLists(): GeneratedList[] {
  const italian = table('translations-it.txt', 1)
  return [list('en_it', 'English to Italian', italian), list('it_en', 'Italian to English', italian)]
}

interface Table {
  readonly file: string
  readonly lines: readonly Line[]
}

interface Line {
  readonly english: string
  /** The preferred translation and its alternatives. */
  readonly foreign: readonly string[]
}

/** English and one of the other columns of a hand-written file. */
function table(file: string, column: number): Table {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' : '))
    .map((cells) => ({ english: cells[0] ?? '', foreign: (cells[column] ?? '').split(' / ') }))
  return { file, lines }
}

function list(pair: string, words: string, { file, lines }: Table): GeneratedList {
  const fromEnglish = pair.startsWith('en')
  const entries = fromEnglish ? englishFirst(lines) : foreignFirst(lines)
  return {
    task: `translation_${pair}`,
    category: 'translation',
    scoring: 'exact',
    about:
      `${words}, single words. Sorted by the frequency of the English word (rank in GPT-2's vocabulary). The same ` +
      'word in both languages: at most 5% of the list.',
    date: '2026-11-24',
    sources: [own(file), gpt2Vocabulary],
    entries: withFewIdentities(entries.sort((a, b) => english(a) - english(b))),
    rank: english,
  }

  function english({ input, answer }: Entry): number {
    return gpt2Rank(fromEnglish ? input : answer)
  }
}

function englishFirst(lines: readonly Line[]): Entry[] {
  return lines.flatMap(({ english, foreign: [preferred = '', ...others] }) =>
    isWord(preferred)
      ? [entry(english, preferred, [preferred, ...others].filter(isWord).flatMap(spellings))]
      : [],
  )
}

/**
 * Only preferred translations are inputs: an alternative may be another part of speech. Its answer is the most
 * frequent English word that it is preferred for; all words that it may stand for are accepted.
 */
function foreignFirst(lines: readonly Line[]): Entry[] {
  const inputs = new Set(lines.map(({ foreign: [preferred = ''] }) => preferred).filter(isWord))
  return [...inputs].map((input) => {
    const found = lines
      .map(({ english, foreign }) => ({ english, place: foreign.indexOf(input) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => Math.sign(a.place) - Math.sign(b.place) || gpt2Rank(a.english) - gpt2Rank(b.english))
    const [answer = '', ...accept] = found.map(({ english }) => english)
    return entry(input, answer, [answer, ...accept].flatMap(englishSpellings))
  })
}

/** American -> British spelling, accepted as an answer; what ends in -ize is written -ise too. */
const british: Readonly<Record<string, string>> = {
  center: 'centre',
  color: 'colour',
  gray: 'grey',
  harbor: 'harbour',
  honor: 'honour',
  jewelry: 'jewellery',
  neighbor: 'neighbour',
  neighborhood: 'neighbourhood',
  plow: 'plough',
  rumor: 'rumour',
  theater: 'theatre',
  traveler: 'traveller',
}

function englishSpellings(word: string): string[] {
  return [word, british[word] ?? word.replace(/(?<!^s|^pr|e)ize$/, 'ise')]
}

function isWord(text: string): boolean {
  return text !== '' && !text.includes(' ')
}

/** People also write oe for œ. */
function spellings(word: string): string[] {
  return [word, word.replaceAll('œ', 'oe')]
}

/** Pairs like animal -> animal tell little: the least frequent ones above 5% are left out. */
function withFewIdentities(sorted: readonly Entry[]): Entry[] {
  const isIdentity = ({ input, answer, accept }: Entry) => input === answer || accept.includes(input)
  const identities = sorted.filter(isIdentity)
  const others = sorted.length - identities.length
  // a / (a + others) <= 1/20 where a <= others / 19; 20 leaves some room.
  const kept = new Set(identities.slice(0, Math.floor(others / 20)))
  return sorted.filter((given) => !isIdentity(given) || kept.has(given))
}
