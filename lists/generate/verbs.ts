import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { gerund, regularPast } from './inflect.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own, wordnet } from './sources.js'
import { readSynsets, tagCounts } from './wordnet.js'

/** How many verbs are used; the rarest occur a few times in WordNet's texts. */
const count = 1300

/** present -> gerund and present -> past simple, over the same verbs. */
export function verbLists(): GeneratedList[] {
  const verbs = mostFrequentVerbs()
  return [
    list(
      'linguistic_present_simple_gerund',
      'Verbs and their -ing form',
      verbs.map((verb) => formsOf(verb, gerund(verb))),
    ),
    list(
      'linguistic_present_simple_past_simple',
      'Verbs and their past simple',
      verbs.map((verb) => formsOf(verb, past(verb))),
    ),
  ]
}

/** present -> past participle (had gone is two words): the task that the reference calls present simple to past perfect. */
export function pastPerfectList(): GeneratedList {
  const { sources, ...rest } = list(
    'linguistic_present_simple_past_perfect',
    'Verbs and their past participle (the word after "had" in the past perfect)',
    mostFrequentVerbs().map((verb) => formsOf(verb, irregularParticiples.get(verb) ?? past(verb))),
  )
  return { ...rest, sources: [...sources, own('irregular-participles.txt')] }
}

/** Modals, forms of other verbs that look like verbs themselves, variants, and offensive words. */
const leftOut = new Set(
  `will can may might must fell found bound wound ground saw bore felt wove shod rent born sorb bethink instal fulfil
  enrol rape cock ejaculate bitch screw piss fart tit ass well better cap part down behoof shun ware methink
  overeat`.split(/\s+/),
)

const counts = tagCounts('verb')

function rank(verb: string): number {
  return -(counts.get(verb) ?? 0) + gpt2Rank(verb) / 1e9
}

function mostFrequentVerbs(): string[] {
  const words = [...readSynsets('verb').values()].flatMap((synset) => synset.words)
  const verbs = [...new Set(words)].filter((word) => /^[a-z]{2,}$/.test(word) && !leftOut.has(word))
  return verbs.sort((a, b) => rank(a) - rank(b)).slice(0, count)
}

const irregular = formsByHand('irregular-verbs.txt')
const irregularParticiples = formsByHand('irregular-participles.txt')

function formsByHand(file: string): ReadonlyMap<string, string[]> {
  return new Map(
    readFileSync(new URL(file, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [verb = '', forms = ''] = line.split(' : ')
        return [verb, forms.split(' / ')]
      }),
  )
}

function past(verb: string): string[] {
  return irregular.get(verb) ?? regularPast(verb)
}

function formsOf(verb: string, [preferred = '', ...others]: string[]): Entry {
  return entry(verb, preferred, others)
}

function list(task: string, what: string, entries: Entry[]): GeneratedList {
  return {
    task,
    category: 'linguistic',
    scoring: 'exact',
    about:
      `${what}, American spelling preferred, other spellings and forms in use accepted. Sorted by how often the verb ` +
      "stands in WordNet's sense-tagged texts.",
    date: '2026-11-24',
    sources: [wordnet, own('inflect.ts'), own('irregular-verbs.txt'), gpt2Vocabulary],
    entries,
    rank: ({ input }) => rank(input),
  }
}
