import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type Entry, type GeneratedList } from './list.js'
import { gpt2Vocabulary, own, wordnet } from './sources.js'
import { readSynsets } from './wordnet.js'

/** word -> opposite: pairs and groups chosen by hand; opposites formed by a prefix are accepted if WordNet has them. */
export function antonymList(): GeneratedList {
  return {
    task: 'linguistic_antonyms',
    category: 'linguistic',
    scoring: 'exact',
    about:
      'Words and their opposites, of any part of speech, not those made by a prefix (happy, unhappy) or -less. A word ' +
      "with several opposites has the others accepted. Sorted by frequency (rank in GPT-2's vocabulary).",
    date: '2026-11-29',
    sources: [own('antonyms.txt'), wordnet, gpt2Vocabulary],
    entries: entries(),
    rank: ({ input }) => gpt2Rank(input),
  }
}

function entries(): Entry[] {
  const pairs = new Map<string, string[]>()
  const groups = new Map<string, string[]>()
  const preferred = new Map<string, string>()
  const struck = new Map<string, string[]>()
  const add = (to: Map<string, string[]>, word: string, opposites: readonly string[]) =>
    to.set(word, [...(to.get(word) ?? []), ...opposites])
  for (const line of readFileSync(new URL('antonyms.txt', import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [mark, rest] = /^[+>-] /.test(line) ? [line[0], line.slice(2)] : ['', line]
    const [word = '', opposite = ''] = rest.split(mark === '+' || mark === '-' ? ' | ' : ' : ')
    if (mark === '>') preferred.set(word, opposite)
    else if (mark === '+' || mark === '-') {
      const to = mark === '+' ? groups : struck
      const [left, right] = [word.split(' '), opposite.split(' ')]
      for (const one of left) add(to, one, right)
      for (const one of right) add(to, one, left)
    } else {
      add(pairs, word, [opposite])
      add(pairs, opposite, [word])
    }
  }
  const prefixed = prefixedOpposites()
  return [...pairs].map(([word, opposites]) => {
    const answer = preferred.get(word) ?? opposites[0] ?? ''
    const accepted = [...opposites, ...(groups.get(word) ?? []), ...(prefixed.get(word) ?? [])]
    return entry(
      word,
      answer,
      accepted.filter((other) => other !== word && !struck.get(word)?.includes(other)),
    )
  })
}

/** In WordNet, but not in use. */
const oddities = new Set(
  `uneager unobvious unagitated undomestic unmilitary nonmodern unfree uneasy nonrigid nonspecific disinflation
  ungenerous nonprofessional unquiet disjoin unfreeze insubordinate`.split(/\s+/),
)

/** happy -> unhappy, unhappy -> happy. */
function prefixedOpposites(): Map<string, string[]> {
  const opposites = new Map<string, string[]>()
  for (const pos of ['adj', 'noun', 'verb', 'adv'] as const) {
    const synsets = readSynsets(pos)
    for (const { words, pointers } of synsets.values()) {
      for (const { symbol, target, from, to } of pointers) {
        if (symbol !== '!') continue
        const word = words[from] ?? ''
        const opposite = synsets.get(target)?.words[to] ?? ''
        if (!/^[a-z]+$/.test(opposite) || !opposite.endsWith(word) || oddities.has(opposite)) continue
        opposites.set(word, [...(opposites.get(word) ?? []), opposite])
      }
    }
  }
  return opposites
}
