import { continents, countries, type TCountryCode } from 'countries-list'
import { readFileSync } from 'node:fs'
import { gpt2Rank } from './frequency.js'
import { entry, type GeneratedList } from './list.js'
import { places, type Place } from './places.js'
import { countriesList, factbook, gpt2Vocabulary, own, wordnet } from './sources.js'
import { states } from './sovereign.js'

/** The most places per continent or religion, so that no answer dominates the list. */
const perContinent = 190
const perReligion = 185

/** location -> continent. */
export function continentList(): GeneratedList {
  const given = byHand().map(({ name, continent }) => [name, continent] as const)
  const derived = places()
    .filter(({ country, name }) => !onTwoContinents.has(country) && !elsewhere.has(name))
    .map(({ name, country }) => [name, continentOf(country)] as const)
  const named = states()
    .filter(({ code }) => !onTwoContinents.has(code) && code !== 'TL')
    .map(({ name, code }) => [name, continentOf(code)] as const)
  return {
    task: 'knowledge_location_continent',
    category: 'knowledge',
    scoring: 'prefix',
    about:
      'Countries, cities, regions, mountains and waters, and the continent they lie on; Central America and the ' +
      `Caribbean are North America, Australia and the Pacific islands Oceania. At most ${perContinent} places a ` +
      'continent, none in Antarctica. Transcontinental countries (Russia, Turkey, ...) and names of several places ' +
      "are left out. Sorted by the frequency of the name (rank in GPT-2's vocabulary).",
    date: '2026-11-29',
    sources: [wordnet, countriesList, own('places.txt'), gpt2Vocabulary],
    entries: mostFrequentOfEach(unique([...given, ...named, ...derived]), perContinent).map(
      ([name, continent]) =>
        entry(name, continent, continent === 'Oceania' && isAustralian(name) ? ['Australia'] : []),
    ),
    rank: ({ input }) => gpt2Rank(input),
  }
}

/** location -> majority religion. */
export function religionList(): GeneratedList {
  const shares = religionShares()
  const given = byHand().flatMap(({ name, religion }) => (religion ? [[name, religion] as const] : []))
  const named = states().flatMap(({ name, code }) => {
    const known = shares.get(code)
    return known ? [[name, known.religion] as const] : []
  })
  const derived = places().flatMap((place) => {
    const known = shares.get(place.country)
    return known && known.percent >= 85 && isSettled(place) ? [[place.name, known.religion] as const] : []
  })
  return {
    task: 'knowledge_location_religion',
    category: 'knowledge',
    scoring: 'prefix',
    about:
      'Countries and places and the religion of the majority of their people; a statistic about populations. ' +
      'Countries: 70% and more by the World Factbook; other places: in a country with 85% and more, or a majority ' +
      "that is general knowledge. Sorted by the frequency of the name (rank in GPT-2's vocabulary).",
    date: '2026-11-29',
    sources: [
      factbook,
      own('religions.txt'),
      own('churches.txt'),
      own('places.txt'),
      wordnet,
      countriesList,
      gpt2Vocabulary,
    ],
    entries: mostFrequentOfEach(unique([...given, ...named, ...derived]), perReligion).map(
      ([name, religion]) =>
        entry(name, religion, [...(adherents[religion] ?? []), ...(churches.get(name) ?? [])]),
    ),
    rank: ({ input }) => gpt2Rank(input),
  }
}

type Fact = readonly [name: string, answer: string]

/** The religion's name and its adherents'. */
const adherents: Readonly<Record<string, readonly string[]>> = {
  Muslim: ['Islam', 'Islamic'],
  Christian: ['Christianity'],
  Buddhist: ['Buddhism'],
  Hindu: ['Hinduism'],
  Jewish: ['Judaism'],
}

/** Place -> the church of most of its Christians: Mexico -> Catholic, Catholicism, Roman Catholic. */
const churches = new Map(
  fields('churches.txt').flatMap(([church = '', names = '']) => {
    const named = church === 'Catholic' ? [church, 'Catholicism', 'Roman Catholic'] : [church, 'Orthodoxy']
    return names.split(' / ').map((name) => [name, named] as const)
  }),
)

/** Also those whose islands lie on another continent, and disputed ones. */
const onTwoContinents = new Set('RU TR KZ AZ GE AM CY AQ'.split(' '))

/** Parts of a country on another continent, names shared with places elsewhere, and places that no longer exist. */
const elsewhere = new Set(
  `Suez|Suez Canal|Sinai|Timor|Moluccas|Volcano Islands|Canary Islands|Tenerife|Madeira Islands|Azores|Svalbard|Spitsbergen|
  Hilo|Haleakala National Park|Hawaii Volcanoes National Park|Hawaii|Guam|East Timor|Trinidad|Tobago|Panama Canal Zone|
  Soviet Union|Soviet Russia|Gary|Pierre|Frederick|Chester|Prescott|Helena|Dawson|Carolina|Richmond|Burlington|Plymouth|
  Norfolk|Halifax|Dover|Regina|Camden|Newark|Canterbury|Waterford|Bristol|Sunderland|Newcastle|Highlands|Lowlands|West End|
  West Country|Right Bank|Left Bank|Midwest|Deep South|East Coast|West Coast|Twin Cities|East River|Fox River|Grand River|
  New River|Russian River|Sun River|Rock Island|Grand Island|Sun City|Sun Valley|Silver City|North Peak|Big Bend|
  Detroit River|Elizabeth River|Little Missouri|Trinity River|Green Mountains|Rapid City|Broadway|Park Avenue|Fifth Avenue|
  Seventh Avenue|Marche|Aire|Forth|Aare|Ouse|Sur|Ur|Lena|Nancy|Halle|Tara|Enid|Lawton|Salina|Clyde|Olympus|Santos|Magdalena|
  San Pablo|Soledad|Cumana|Rosario|Cape Horn|New Britain|New Ireland|Zealand|Asama|Perth|Hamilton|Hartford|Granada|Merida|
  Santiago|Valencia|Cordoba|Leon|San Jose|San Juan|Santa Clara|Georgetown|Alexandria|Tripoli|Monterrey|Guadalajara|Arcadia|
  Macedon|Caledonia|Western Sahara|Eelam|Philistia|Samaria|Judea|Lateran|Hibbing|Selma|Mobile Bay|Charlestown|Queens|
  Odessa|Memphis|Syracuse|Troy|Toledo|Durango|Laredo|Cambridge|Worcester|York|Lincoln|Rutland|Jamestown|Kingston|
  North Vietnam|South Vietnam|Ararat|Micronesia|Victoria|Nazareth|Bethlehem|Hebron|Carthage|Corinth|Sparta|Ithaca|Rome|
  Portland|Springfield|Columbus|Columbia|Augusta|Charleston|Lancaster|Jackson|Madison|Aurora|Pasadena|Acadia|Labrador|
  Cape York|Eyre|Gilbert Islands|Admiralty Islands|Zion National Park|Constantina|Constanța|Male|Toyota|Luda|Kanara|Nan Ling|Swaziland|
  Sao Louis|Ehadhamen|Nag Hammadi|El Alamein|El Aaium|Chalcedon|West Berlin|New Amsterdam|New Netherland|Plymouth Colony|Sao Tome|
  Soviet Russia|Big Sur|James Bay|Orly|Macedonia|Orange|Hippo|Colon|Hindustan|Teheran|Disneyland|Goma|Suriname River|Sana|Gand|Dili|Manchuria|Gran Santiago|Kanara|Papal States|Louisiana Purchase|Gilbert and Ellice Islands|
  George Town|Santa Fe|Saint Cloud|Kimberley|Jebel Musa|Beira|Communism Peak`
    .split('|')
    .map((name) => name.trim()),
)

/** Places whose majority differs from the country's, or that no longer exist. */
const otherReligion = new Set(
  `Timor|Celebes|Moluccas|Medan|Putrajaya|Sarawak|Sabah|Nineveh|Babylon|Ur|Assur|Assyria|Babylonia|Sumer|Mesopotamia|Sardis|Pergamum|
  Halicarnassus|Abydos|Antioch|Ararat|Persepolis|Sur|Byblos|Jericho|Lemnos|Krakatau|Timgad|Saqqara|Boeotia|Achaea|Laconia|
  Mombasa|Attica|Arcadia|Argos|Sparta|Nemea|Delphi|Stagira|Mycenae|Corinth|Macedon|Pompeii|Herculaneum|Etruria|Elea|Thrace|Papal States|
  Latium|Indonesian Borneo|Kirkuk|Gomorrah|Caesarea|Kimberley|Cape Province|Transvaal|Darfur|Kordofan|Jaffa|Thessaloniki`
    .split('|')
    .map((name) => name.trim()),
)

function isSettled({ name, isCity, isCountry }: Place): boolean {
  return (isCity || isCountry) && !otherReligion.has(name) && !elsewhere.has(name)
}

function continentOf(code: string): string {
  return continents[countries[code as TCountryCode].continent]
}

const australian = new Set(places().flatMap(({ name, country }) => (country === 'AU' ? [name] : [])))

function isAustralian(name: string): boolean {
  const others =
    `Australia Melbourne Darwin Cairns Geelong Wollongong Ballarat Bendigo Townsville Toowoomba Launceston
    Fremantle Tasmania Uluru Kakadu Bondi`.split(/\s+/)
  return australian.has(name) || name === 'Alice Springs' || others.includes(name)
}

interface HandWritten {
  readonly name: string
  readonly continent: string
  readonly religion: string | undefined
}

function byHand(): HandWritten[] {
  return fields('places.txt').map(([name = '', continent = '', religion]) => ({ name, continent, religion }))
}

function religionShares(): Map<string, { religion: string; percent: number }> {
  return new Map(
    fields('religions.txt').map(([code = '', religion = '', percent = '']) => [
      code,
      { religion, percent: percent === '*' ? 100 : Number(percent) },
    ]),
  )
}

function fields(file: string): string[][] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' : '))
}

/** The first fact about a name is kept; hand-written facts come first. */
function unique(facts: readonly Fact[]): Fact[] {
  const known = new Map<string, Fact>()
  for (const fact of facts) if (!known.has(fact[0])) known.set(fact[0], fact)
  return [...known.values()]
}

function mostFrequentOfEach(facts: readonly Fact[], most: number): Fact[] {
  const taken = new Map<string, number>()
  return [...facts]
    .sort(([a], [b]) => gpt2Rank(a) - gpt2Rank(b))
    .filter(([, answer]) => {
      const count = (taken.get(answer) ?? 0) + 1
      taken.set(answer, count)
      return count <= most
    })
}
