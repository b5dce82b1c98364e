import irregularPlurals from 'irregular-plurals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allLists, furtherLists } from '../../lists/generate/all.js'
import { factLists } from '../../lists/generate/facts.js'
import { gerund, regularPast, regularPlural } from '../../lists/generate/inflect.js'
import { finished, formatted } from '../../lists/generate/write.js'
import { gpt2, required } from '../../lists/review/survivors.js'
import { projectRoot } from '../../src/system/home.js'
import { checkList } from '../../src/tasks/check-list.js'
import { readWordList, wordListPath, wordListTask } from '../../src/tasks/lists.js'
import { singleTokenReading } from '../../src/tasks/single-token.js'

const lists = [...allLists(), ...furtherLists(), ...factLists()]
const notice = readFileSync(join(projectRoot(), 'NOTICE'), 'utf8')

function pairsOf(id: string) {
  return readWordList(id).entries.map(([input, output, ...accept]) => ({ input, output, accept }))
}

function shares(id: string): Map<string, number> {
  const pairs = pairsOf(id)
  const counts = new Map<string, number>()
  for (const { output } of pairs) counts.set(output, (counts.get(output) ?? 0) + 1 / pairs.length)
  return counts
}

describe.each(lists.map((list) => [list.task, list] as const))('%s', (id, list) => {
  it('is what its generator writes, byte for byte', () => {
    expect(readFileSync(wordListPath(id), 'utf8')).toBe(formatted(finished(list)))
  })

  it('has clean entries, no input twice, and few answers that repeat the input', () => {
    const pairs = pairsOf(id)
    const report = checkList(pairs, list.scoring)
    expect(report.problems.map(({ text }) => text)).toEqual([])
    expect(new Set(pairs.map(({ input }) => input)).size).toBe(pairs.length)
    expect(report.copies.length / pairs.length).toBeLessThanOrEqual(0.05)
  })

  it('names its sources with their licences, and NOTICE repeats them', () => {
    const file = readWordList(id)
    expect(file.date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
    expect(file.sources.length).toBeGreaterThan(0)
    for (const { name, licence } of file.sources) {
      expect(licence).toMatch(/^(MIT|WordNet 3.0 licence|public domain)$/)
      const packageName = /(?:npm|PyPI) ([\w-]+)/.exec(name)?.[1]
      if (packageName) expect(notice).toContain(packageName)
    }
  })
})

describe('sizes', () => {
  it.each([
    ['translation_fr_en', 1200],
    ['translation_es_en', 1200],
    ['translation_en_fr', 1200],
    ['translation_en_es', 1200],
    ['translation_en_it', 300],
    ['translation_it_en', 300],
    ['translation_en_de', 600],
    ['translation_de_en', 600],
    ['translation_en_ja', 600],
    ['translation_ja_en', 600],
    ['translation_en_zh', 600],
    ['translation_zh_en', 600],
    ['linguistic_present_simple_gerund', 1200],
    ['linguistic_present_simple_past_simple', 1200],
    ['linguistic_plural_singular', 300],
    ['linguistic_antonyms', 250],
    ['knowledge_country_capital', 180],
    ['knowledge_person_language', 900],
    ['knowledge_location_continent', 900],
    ['knowledge_location_religion', 400],
  ])('%s has at least %i pairs', (id, least) => {
    expect(pairsOf(id).length).toBeGreaterThanOrEqual(least)
  })

  it.each(required.lists)(`%s keeps at least ${required.pairs} pairs with GPT-2's tokenizer`, async (id) => {
    const { pairs, scoring, singleToken } = wordListTask(id)
    expect({ scoring, singleToken }).toEqual({ scoring: 'exact', singleToken: true })
    const { pairs: kept } = await singleTokenReading(pairs, gpt2.encoder)
    expect(kept.length).toBeGreaterThanOrEqual(required.pairs)
    expect(kept.length).toBeLessThan(pairs.length)
  })

  it('plural_singular has at least 100 irregular nouns', () => {
    const irregular = pairsOf('linguistic_plural_singular').filter(
      ({ input, output }) => regularPlural(output) !== input,
    )
    expect(irregular.length).toBeGreaterThanOrEqual(100)
  })
})

describe('balance', () => {
  it('person_language has at least 12 languages, none above 20%', () => {
    const languages = shares('knowledge_person_language')
    expect(languages.size).toBeGreaterThanOrEqual(12)
    expect(Math.max(...languages.values())).toBeLessThanOrEqual(0.2)
  })

  it('location_continent has the six continents, none above 30%', () => {
    const continents = shares('knowledge_location_continent')
    expect([...continents.keys()].sort()).toEqual([
      'Africa',
      'Asia',
      'Europe',
      'North America',
      'Oceania',
      'South America',
    ])
    expect(Math.max(...continents.values())).toBeLessThanOrEqual(0.3)
  })

  it('location_religion has at least three religions, none half of the list', () => {
    const religions = shares('knowledge_location_religion')
    expect(religions.size).toBeGreaterThanOrEqual(3)
    expect(Math.max(...religions.values())).toBeLessThan(0.5)
  })
})

describe('English inflection', () => {
  it.each([
    ['go', 'going'],
    ['be', 'being'],
    ['see', 'seeing'],
    ['make', 'making'],
    ['lie', 'lying'],
    ['dye', 'dyeing'],
    ['singe', 'singeing'],
    ['run', 'running'],
    ['quit', 'quitting'],
    ['equip', 'equipping'],
    ['panic', 'panicking'],
    ['begin', 'beginning'],
    ['open', 'opening'],
    ['travel', 'traveling', 'travelling'],
    ['benefit', 'benefiting', 'benefitting'],
    ['fix', 'fixing'],
    ['show', 'showing'],
    ['play', 'playing'],
    ['argue', 'arguing'],
    ['age', 'aging', 'ageing'],
  ])('%s: %s', (verb, ...forms) => {
    expect(gerund(verb)).toEqual(forms)
  })

  it.each([
    ['walk', 'walked'],
    ['agree', 'agreed'],
    ['try', 'tried'],
    ['play', 'played'],
    ['stop', 'stopped'],
    ['admit', 'admitted'],
    ['visit', 'visited'],
    ['mimic', 'mimicked'],
    ['cancel', 'canceled', 'cancelled'],
  ])('%s: %s', (verb, ...forms) => {
    expect(regularPast(verb)).toEqual(forms)
  })

  it('agrees with the package irregular-plurals on every irregular noun that it knows', () => {
    let compared = 0
    for (const { input, output } of pairsOf('linguistic_plural_singular')) {
      const known = irregularPlurals.get(output)
      // Where the package prefers a regular plural (indexes, antennas), the noun has two.
      if (known === undefined || known === regularPlural(output)) continue
      expect([output, input]).toEqual([output, known])
      compared++
    }
    expect(compared).toBeGreaterThan(60)
  })
})
