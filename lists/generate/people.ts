import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own, wordnet } from './sources.js'
import { readSynsets, type Synset } from './wordnet.js'

/** No language may make up more than a fifth of the list, which has more than 900 people. */
const perLanguage = 160

/** person -> language. */
export function peopleList(): GeneratedList {
  const facts = capped(unique([...byHand(), ...fromWordNet()]))
  return {
    task: 'knowledge_person_language',
    category: 'knowledge',
    scoring: 'prefix',
    about:
      'People and the language that they spoke, wrote or worked in. From WordNet: people whose description opens with a ' +
      'nationality that goes with one language; those born elsewhere, emigrants, gods and legends are left out. At most ' +
      `${perLanguage} people a language. Sorted by the frequency of the surname (rank in GPT-2's vocabulary).`,
    date: '2026-11-29',
    sources: [own('people.txt'), own('people-names.txt'), wordnet, gpt2Vocabulary],
    entries: facts.map(([name, language]) =>
      entry(usualNames.get(name) ?? name, language, ancients.has(name) ? [] : (otherNames[language] ?? [])),
    ),
    rank: ({ input }) => rank(input),
  }
}

type Fact = readonly [name: string, language: string]

const otherNames: Readonly<Record<string, readonly string[]>> = {
  Chinese: ['Mandarin'],
  Persian: ['Farsi'],
  Spanish: ['Castilian'],
}

/** Who spoke before there was a Mandarin. */
const ancients = new Set(
  'Confucius|Laozi|Mencius|Zhuangzi|Sun Tzu|Sima Qian|Qin Shi Huang|Du Fu|Li Bai'.split('|'),
)

function rank(name: string): number {
  return gpt2Rank(name.split(' ').at(-1) ?? name)
}

function byHand(): Fact[] {
  return pairs('people.txt')
}

/** WordNet's spelling of a name -> its usual one. */
const usualNames = new Map(pairs('people-names.txt'))

function pairs(file: string): Fact[] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [first = '', second = ''] = line.split(' : ')
      return [first, second]
    })
}

/** Nationalities that go with one language. Swiss, Belgians, Canadians, Indians, the Irish and others have several. */
const languageOf: Readonly<Record<string, string>> = {
  'United States': 'English',
  American: 'English',
  English: 'English',
  British: 'English',
  French: 'French',
  German: 'German',
  Austrian: 'German',
  Italian: 'Italian',
  Florentine: 'Italian',
  Venetian: 'Italian',
  Russian: 'Russian',
  Soviet: 'Russian',
  Spanish: 'Spanish',
  Mexican: 'Spanish',
  Argentine: 'Spanish',
  Chilean: 'Spanish',
  Colombian: 'Spanish',
  Cuban: 'Spanish',
  Dutch: 'Dutch',
  Danish: 'Danish',
  Swedish: 'Swedish',
  Norwegian: 'Norwegian',
  Japanese: 'Japanese',
  Chinese: 'Chinese',
  Polish: 'Polish',
  Hungarian: 'Hungarian',
  Czech: 'Czech',
  Portuguese: 'Portuguese',
  Brazilian: 'Portuguese',
  Greek: 'Greek',
  Athenian: 'Greek',
  Roman: 'Latin',
}

const opening = new RegExp(
  `^(?:(?:an?|the|ancient|prolific|influential|noted|early|great) )*(${Object.keys(languageOf).join('|')}) (.*)$`,
)

/** Words in a description that separate nationality from language, or rule out a person. */
const doubtful =
  /born in [A-Z]|born \(|emigrat|immigrat|naturalized|settled|moved to|lived in|worked in|exile|of \w+ (descent|parentage|birth)|\bgod(dess)?\b|mytholog|legend|fictional|saint|queen|king of|emperor of|wife of|mistress|Indian|in novels|character|Sioux|Apache|chief/

function fromWordNet(): Fact[] {
  return [...readSynsets('noun').values()].filter(isPerson).flatMap((synset) => {
    const [, nationality = ''] = opening.exec(synset.gloss) ?? []
    const language = languageOf[nationality]
    const name = language && displayName(synset.words, language)
    return language !== undefined && name !== undefined && !doubtful.test(synset.gloss) && !leftOut.has(name)
      ? [[name, language] as const]
      : []
  })
}

/** 18 = noun.person; instances only. */
function isPerson({ file, pointers }: Synset): boolean {
  return file === 18 && pointers.some(({ symbol }) => symbol === '@i')
}

/** Given name and surname, the shortest such form of at most three words; ancients (Plato) by their one name. */
function displayName(words: readonly string[], language: string): string | undefined {
  const names = words.filter(
    (word) => /^\p{Lu}[\p{L}'-]+( [\p{L}'-]+){0,2}$/u.test(word) && !notPartOfAName.test(word),
  )
  if (language === 'Latin' || language === 'Greek') return names.find((name) => !name.includes(' '))
  // WordNet puts the surname first; a name that doesn't end with it is a nickname or a variant spelling.
  const surname = words[0]?.split(' ').at(-1) ?? ''
  const full = names.filter((name) => name.endsWith(` ${surname}`))
  return full.sort((a, b) => a.length - b.length)[0]
}

const notPartOfAName =
  /\b(the|of|Sir|Saint|St|Lord|Lady|Dame|Baron|Count|Conte|Duke|Duc|Marquis|Mr|Mrs|Dr|General|Cardinal|Prince|Marshal|Citizen|Seigneur|Sieur|Comte|Madame|Fra|King|[IVX]+)\b/

/**
 * Found by reading the list: people whose language differs from their description or who wrote in another (Erasmus,
 * Liszt), nicknames and misspellings, and names that the hand-written list has in another spelling.
 */
const leftOut = new Set(
  `Baruch de Spinoza|Desiderius Erasmus|Hugo Grotius|Jacobus Arminius|Cornelis Jansen|Mata Hari|Peter Minuit|Robert Barany|
  Franz Liszt|Franz Lehar|Joseph Joachim|Rudolph Laban|Franz Kafka|Elie Metchnikoff|Joseph Stalin|Peter Abelard|
  Christopher Columbus|John Cabot|Moses Maimonides|Ramon Lully|Joan Miro|Antonio Gaudi|Jaun Gris|Carolus Linnaeus|
  Brigit Nilsson|Samuel Wiesenthal|Nicolaus Copernicus|Albert Schweitzer|Cesar Franck|Marie Tussaud|Gaetan Vestris|
  Faustus Socinus|Gabriele Fallopius|Din Land|Pres Young|Titus|Julian|Hero|Maria Callas|Feodor Dostoyevsky|Anatoli Karpov|
  Christian Huygens|Jan Vermeer|Nikolai Lenin|Li Po|Juan Domingo Peron|Jose Julian Marti|Garcia Lorca|Guiseppe Guarneri|
  Giloacchino Antonio Rossini|Francisco Fernandez Cordoba|Adolf Eichmann|Adolf Hitler|John Smith|Emperor Meiji|Mr. Moto|
  Michelangelo|Leonardo|Frederick North|Julia Evelina Smith|Thaddeus Kosciusko|Peter Carl Faberge|Meister Eckhart|
  Thomas a Kempis|Maximian|Makarios|Callas|Mercouri|Lawrence|Luculus|Daniel Chester French|
  Anatole France|De Forest|La Tour|Le Notre|Getulio Dornelles Vargas|Hermann Goring|Hermann Maurice Saxe|De Sica|Hugo deVries|
  Van Allen|Jacques Charles|Chevalier de Bayard|Lao-tzu|Zhou En-lai|Bruce Lee|Johann Muller|Gottfried Wilhelm Leibniz|Edmond de Goncourt|Jules de Goncourt`
    .split('|')
    .map((name) => name.trim()),
)

/** The first fact about a name is kept, ignoring accents: Antonín Dvořák is WordNet's Antonin Dvorak. */
function unique(facts: readonly Fact[]): Fact[] {
  const known = new Map<string, Fact>()
  for (const fact of facts) {
    const key = fact[0]
      .normalize('NFD')
      .replaceAll('ø', 'o')
      .replaceAll('ł', 'l')
      .replace(/[\p{M} -]/gu, '')
      .toLowerCase()
    if (!known.has(key)) known.set(key, fact)
  }
  return [...known.values()]
}

/** All of the hand-written, then the most frequent names. */
function capped(facts: readonly Fact[]): Fact[] {
  const chosen = new Set(byHand().map(([name]) => name))
  const taken = new Map<string, number>()
  return [...facts]
    .sort(([a], [b]) => Number(chosen.has(b)) - Number(chosen.has(a)) || rank(a) - rank(b))
    .filter(([, language]) => {
      const count = (taken.get(language) ?? 0) + 1
      taken.set(language, count)
      return count <= perLanguage
    })
}
