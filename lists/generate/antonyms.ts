import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own, wordnet } from './sources.js'
import { readSynsets } from './wordnet.js'

/** word -> opposite: pairs chosen by hand, in both directions; WordNet's antonyms are accepted too. */
export function antonymList(): GeneratedList {
  return {
    task: 'linguistic_antonyms',
    category: 'linguistic',
    scoring: 'exact',
    about:
      'Words and their opposites, of any part of speech, not those made by a prefix (happy, unhappy) or -less. A word ' +
      "with several opposites has the others accepted. Sorted by frequency (rank in GPT-2's vocabulary).",
    date: '2026-11-24',
    sources: [own('antonyms.txt'), wordnet, gpt2Vocabulary],
    entries: entries(),
    rank: ({ input }) => gpt2Rank(input),
  }
}

function entries(): Entry[] {
  const opposites = new Map<string, string[]>()
  const add = (word: string, opposite: string) =>
    opposites.set(word, [...(opposites.get(word) ?? []), opposite])
  for (const line of readFileSync(new URL('antonyms.txt', import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [word = '', opposite = ''] = line.split(' : ')
    add(word, opposite)
    add(opposite, word)
  }
  const more = wordnetAntonyms()
  // WordNet also opposes bottom to side and clear to bounce: of its words, those of this list and unhappy for happy.
  const fits = (word: string, other: string) => opposites.has(other) || other.endsWith(word)
  return [...opposites].map(([word, [preferred = '', ...others]]) =>
    entry(word, preferred, [...others, ...[...(more.get(word) ?? [])].filter((other) => fits(word, other))]),
  )
}

function wordnetAntonyms(): Map<string, Set<string>> {
  const antonyms = new Map<string, Set<string>>()
  for (const pos of ['adj', 'noun', 'verb', 'adv'] as const) {
    const synsets = readSynsets(pos)
    for (const { words, pointers } of synsets.values()) {
      for (const { symbol, target, from, to } of pointers) {
        if (symbol !== '!') continue
        const word = words[from] ?? ''
        const opposite = synsets.get(target)?.words[to] ?? ''
        if (!/^[a-z]+$/.test(opposite)) continue
        antonyms.set(word, (antonyms.get(word) ?? new Set()).add(opposite))
      }
    }
  }
  return antonyms
}
