import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own, wordnet } from './sources.js'
import { withEnglishForms } from './translations/english.js'
import { frenchGender, italianGender, spanishGender, type Gendered } from './translations/gender.js'

/** The sources of a language's two lists, one file per direction (lists/generate/translations). */
interface Language {
  readonly code: string
  readonly name: string
  /** `english : word / alternatives`; some languages share a file, with a column each. */
  readonly fromEnglish: string
  readonly column: number
  /** `word : english / further senses`. */
  readonly intoEnglish: string
  readonly gender: Gendered
  /** How an answer in the language is judged: by its first token if most tokenizers split its words. */
  readonly scoring: GeneratedList['scoring']
}

const french: Language = {
  code: 'fr',
  name: 'French',
  fromEnglish: 'translations/english-french-spanish.txt',
  column: 1,
  intoEnglish: 'translations/french-english.txt',
  gender: frenchGender,
  scoring: 'exact',
}

const spanish: Language = {
  code: 'es',
  name: 'Spanish',
  fromEnglish: french.fromEnglish,
  column: 2,
  intoEnglish: 'translations/spanish-english.txt',
  gender: spanishGender,
  scoring: 'exact',
}

const italian: Language = {
  code: 'it',
  name: 'Italian',
  fromEnglish: 'translations/english-italian.txt',
  column: 1,
  intoEnglish: 'translations/italian-english.txt',
  gender: italianGender,
  scoring: 'exact',
}

const germanJapaneseChinese = (
  [
    ['de', 'German', 1],
    ['ja', 'Japanese', 2],
    ['zh', 'Chinese', 3],
  ] as const
).map(([code, name, column]): Language => ({
  code,
  name,
  column,
  fromEnglish: 'translations/english-german-japanese-chinese.txt',
  intoEnglish: `translations/${name.toLowerCase()}-english.txt`,
  gender: () => [],
  scoring: 'first-token',
}))

/** The four lists of French and Spanish. */
export function translationLists(): GeneratedList[] {
  return [intoEnglish(french), intoEnglish(spanish), fromEnglish(french), fromEnglish(spanish)]
}

/** Further lists: Italian, German, Japanese and Chinese. */
export function furtherTranslationLists(): GeneratedList[] {
  return [italian, ...germanJapaneseChinese].flatMap((language) => [
    fromEnglish(language),
    intoEnglish(language),
  ])
}

/** The answer to a foreign word is its first sense; every other sense on its line is accepted, in both spellings and all regions. */
function intoEnglish(language: Language): GeneratedList {
  const entries = lines(language.intoEnglish).map(([input = '', senses = []]) => {
    const [answer = '', ...others] = senses.filter((sense) => !sense.startsWith('-'))
    const accept = withEnglishForms([answer, ...others])
    return entry(
      input,
      answer,
      accept.filter((form) => !senses.includes(`-${form}`)),
    )
  })
  return list(
    `${language.code}_en`,
    `${language.name} to English`,
    [own(language.intoEnglish)],
    entries,
    ({ answer }) => gpt2Rank(answer),
    'exact',
  )
}

/** The answer to an English word is the first translation on its line. The others are accepted, and the feminine forms of all except those after a dash. */
function fromEnglish(language: Language): GeneratedList {
  const entries = lines(language.fromEnglish).flatMap((cells) => {
    const input = cells[0] ?? ''
    const given = cells[language.column] as string[]
    const [answer = '', ...others] = given.filter((word) => !word.startsWith('-'))
    if (!isWord(answer)) return []
    const masculine = [answer, ...others].filter(isWord)
    const words = masculine
      .flatMap((word) => [word, ...language.gender(input, word)])
      .filter((word) => !given.includes(`-${word}`))
    return [entry(input, answer, words.flatMap(ligatures))]
  })
  return list(
    `en_${language.code}`,
    `English to ${language.name}`,
    [own(language.fromEnglish), wordnet],
    entries,
    ({ input }) => gpt2Rank(input),
    language.scoring,
  )
}

type Cells = [string, ...string[][]]

/** `word : a / b : c / d` by line. */
function lines(file: string): Cells[] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [word = '', ...cells] = line.split(' : ')
      return [word, ...cells.map((cell) => cell.split(' / '))]
    })
}

function list(
  pair: string,
  words: string,
  sources: GeneratedList['sources'],
  entries: readonly Entry[],
  rank: GeneratedList['rank'],
  scoring: GeneratedList['scoring'],
): GeneratedList {
  return {
    task: `translation_${pair}`,
    category: 'translation',
    scoring,
    about:
      `${words}, single words: the translation that most people give, and every other that a good bilingual dictionary has. Sorted by ` +
      "the frequency of the English word (rank in GPT-2's vocabulary). The same word in both languages: at most 5% of the list.",
    date: '2026-11-28',
    sources: [...sources, gpt2Vocabulary],
    entries: withFewIdentities([...entries].sort((a, b) => rank(a) - rank(b))),
    rank,
  }
}

function isWord(text: string): boolean {
  return text !== '' && !text.includes(' ')
}

/** œ is also written oe. */
function ligatures(word: string): string[] {
  return [word, word.replaceAll('œ', 'oe')]
}

/** Pairs like animal -> animal show little: above 5%, the least frequent ones are left out. */
function withFewIdentities(sorted: readonly Entry[]): Entry[] {
  const isIdentity = ({ input, answer, accept }: Entry) => input === answer || accept.includes(input)
  const identities = sorted.filter(isIdentity)
  const others = sorted.length - identities.length
  // a / (a + others) <= 1/20 where a <= others / 19; 20 leaves some room.
  const kept = new Set(identities.slice(0, Math.floor(others / 20)))
  return sorted.filter((given) => !isIdentity(given) || kept.has(given))
}
