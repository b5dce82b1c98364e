import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { regularPlural } from './inflect.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own, wordnet } from './sources.js'
import { readSynsets, tagCounts } from './wordnet.js'

/** How many nouns with a regular plural are added to the irregular ones. */
const regularCount = 535

/** plural -> singular, irregular and regular nouns. */
export function pluralList(): GeneratedList {
  return {
    task: 'linguistic_plural_singular',
    category: 'linguistic',
    scoring: 'exact',
    about:
      'Plural nouns and their singular: irregular ones in common use, and the regular ones whose plural is most ' +
      "frequent (rank in GPT-2's vocabulary).",
    date: '2026-11-28',
    sources: [wordnet, own('irregular-nouns.txt'), own('inflect.ts'), gpt2Vocabulary],
    entries: [...irregularNouns(), ...regularNouns()],
    rank: ({ input }) => gpt2Rank(input),
  }
}

/** singular -> plural: the same nouns the other way round; a noun's regular plural is accepted if it is also in use. */
export function singularPluralList(): GeneratedList {
  const { entries, ...rest } = pluralList()
  const turned = entries
    .filter(({ input }) => input !== 'pence')
    .map(({ input, answer }) => entry(answer, input, alsoRegular.has(answer) ? [regularPlural(answer)] : []))
  return {
    ...rest,
    task: 'linguistic_singular_plural',
    about:
      'Nouns and their plural, the nouns of linguistic_plural_singular. Sorted by the frequency of the singular (rank ' +
      "in GPT-2's vocabulary).",
    entries: turned,
  }
}

const alsoRegular = new Set(
  `person index dwarf scarf hoof formula antenna curriculum syllabus memorandum appendix vortex matrix vertex cactus radius
  maximum minimum millennium symposium nebula vertebra wharf focus
  medium fungus corpus spectrum stratum aquarium stadium criterion larva stimulus nucleus genus automaton gymnasium`.split(
    /\s+/,
  ),
)

function irregularNouns(): Entry[] {
  return readFileSync(new URL('irregular-nouns.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [plural = '', singulars = ''] = line.split(' : ')
      const [singular = '', ...others] = singulars.split(' / ')
      return entry(plural, singular, others)
    })
}

/** Nouns whose plural is one of GPT-2's tokens (so it is in use), and which are nouns more often than not. */
function regularNouns(): Entry[] {
  const irregular = new Set(
    irregularNouns().flatMap(({ input, answer, accept }) => [input, answer, ...accept]),
  )
  const [nouns, verbs, adjectives] = [tagCounts('noun'), tagCounts('verb'), tagCounts('adj')]
  const mostlyNoun = (word: string) => {
    const count = nouns.get(word) ?? 0
    return count > 0 && count >= (verbs.get(word) ?? 0) && count >= (adjectives.get(word) ?? 0)
  }
  const words = [...readSynsets('noun').values()].flatMap((synset) => synset.words)
  return [...new Set(words)]
    .filter(
      (word) => /^[a-z]{3,}$/.test(word) && mostlyNoun(word) && !irregular.has(word) && !leftOut.has(word),
    )
    .map((word) => entry(regularPlural(word), word))
    .filter(({ input }) => gpt2Rank(input) < 2e6)
    .sort((a, b) => gpt2Rank(a.input) - gpt2Rank(b.input))
    .slice(0, regularCount)
}

/** Words that are not plurals, differ in meaning from the singular, or have another common singular. */
const leftOut = new Set(
  `con sis spoke cur that this ill mean good new mathematic physic politic economic ethic statistic linguistic folk people
  human firearm being proceeding finding setting saving earning surrounding thank cloth outskirt odd premise pant
  short lie spectacle glass custom manner force tropic tactic logistic belonging dozen hundred thousand million
  billion trillion ten genetic acoustic ground wage pound math mechanic analytic graphic dynamic taxi alas les
  dos ada ins ace pas bus gas lens species series tic basic sale ax axe base focus doe hue`.split(/\s+/),
)
