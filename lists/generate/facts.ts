import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own } from './sources.js'

/** Tasks of the function-vectors paper, with this project's own lists (docs/further-tasks.md). */
const about: Readonly<Record<string, string>> = {
  country_currency:
    'Countries and the name of their currency, without the adjective that tells it from others.',
  person_sport: 'Athletes and their sport; soccer is football too.',
  product_company: 'Products and the company that is known for them.',
  landmark_country: 'Landmarks and the country where they are.',
  park_state:
    'National parks of the United States and their state; of several states the one with the largest part first.',
}

/** `input : answer / also accepted` by line; off by default. */
export function factLists(): GeneratedList[] {
  return Object.entries(about).map(([name, text]) => {
    const file = `facts/${name}.txt`
    const entries = readFileSync(new URL(file, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [input = '', answers = ''] = line.split(' : ')
        const [answer = '', ...others] = answers.split(' / ')
        return entry(input, answer, others)
      })
    return {
      task: `knowledge_${name}`,
      category: 'knowledge',
      scoring: 'prefix',
      about: `${text} Written by hand for this project. Sorted by the frequency of the input (rank in GPT-2's vocabulary).`,
      date: '2026-11-29',
      sources: [own(file), gpt2Vocabulary],
      entries,
      rank: ({ input }) => gpt2Rank(input),
    }
  })
}
