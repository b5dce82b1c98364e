import { gpt2Rank } from './frequency.js'
import { entry, type GeneratedList } from './list.js'
import { countriesList, gpt2Vocabulary } from './sources.js'
import { states } from './sovereign.js'

/** country -> capital. Countries with several capitals, old names and the like: corrections/knowledge_country_capital.yaml. */
export function capitalList(): GeneratedList {
  return {
    task: 'knowledge_country_capital',
    category: 'knowledge',
    scoring: 'prefix',
    about:
      'States (members and observers of the United Nations, Kosovo, Taiwan) and their capitals, English names. Sorted ' +
      "by the frequency of the country's name (rank in GPT-2's vocabulary).",
    date: '2026-11-29',
    sources: [countriesList, gpt2Vocabulary],
    entries: states().map(({ name, country: { capital } }) => entry(name, capital, [unaccented(capital)])),
    rank: ({ input }) => gpt2Rank(input),
  }
}

function unaccented(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '')
}
