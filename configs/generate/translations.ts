import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own } from './sources.js'

/** The four translation lists from translations.txt. */
export function translationLists(): GeneratedList[] {
  return [
    list('fr_en', 'French to English', fromForeign('french')),
    list('es_en', 'Spanish to English', fromForeign('spanish')),
    list('en_fr', 'English to French', fromEnglish('french')),
    list('en_es', 'English to Spanish', fromEnglish('spanish')),
  ]
}

type Foreign = 'french' | 'spanish'

interface Line extends Readonly<Record<Foreign, readonly string[]>> {
  readonly english: string
}

const lines: readonly Line[] = readFileSync(new URL('translations.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [english = '', french = '', spanish = ''] = line.split(' : ')
    return { english, french: french.split(' / '), spanish: spanish.split(' / ') }
  })

function list(pair: string, words: string, entries: Entry[]): GeneratedList {
  const fromEnglish = pair.startsWith('en')
  return {
    task: `translation_${pair}`,
    category: 'translation',
    scoring: 'exact',
    about:
      `${words}, single words. Sorted by the frequency of the English word (rank in GPT-2's vocabulary). The same ` +
      'word in both languages: at most 5% of the list.',
    date: '2026-11-24',
    sources: [own('translations.txt'), gpt2Vocabulary],
    entries: withFewIdentities(entries.sort((a, b) => english(a) - english(b))),
    rank: english,
  }

  function english({ input, answer }: Entry): number {
    return gpt2Rank(fromEnglish ? input : answer)
  }
}

function fromEnglish(language: Foreign): Entry[] {
  return lines.flatMap(({ english, [language]: [preferred = '', ...others] }) =>
    isWord(preferred)
      ? [entry(english, preferred, [preferred, ...others].filter(isWord).flatMap(spellings))]
      : [],
  )
}

/**
 * Only preferred translations are inputs: an alternative may be another part of speech. Its answer is the most
 * frequent English word that it is preferred for; all words that it may stand for are accepted.
 */
function fromForeign(language: Foreign): Entry[] {
  const inputs = new Set(lines.map(({ [language]: [preferred = ''] }) => preferred).filter(isWord))
  return [...inputs].map((input) => {
    const found = lines
      .map(({ english, [language]: words }) => ({ english, place: words.indexOf(input) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => Math.sign(a.place) - Math.sign(b.place) || gpt2Rank(a.english) - gpt2Rank(b.english))
    const [answer = '', ...accept] = found.map(({ english }) => english)
    return entry(input, answer, accept)
  })
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
