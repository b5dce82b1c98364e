import { countries } from 'countries-list'
import { gpt2Rank } from './frequency.js'
import { readSynsets, type Synset } from './wordnet.js'

/** WordNet's places and the country of each, by its part-of links. */

export interface Place {
  readonly name: string
  /** WordNet's words for it. */
  readonly gloss: string
  /** ISO 3166-1 code of the only country that contains it, or that it is. */
  readonly country: string
  readonly isCountry: boolean
  /** A city, town or the like, by its hypernyms. */
  readonly isCity: boolean
}

/** WordNet's names of countries that differ from countries-list's. */
const otherNames: Readonly<Record<string, string>> = {
  Turkey: 'TR',
  'Czech Republic': 'CZ',
  Myanmar: 'MM',
  Burma: 'MM',
  'Cape Verde': 'CV',
  Congo: 'CD',
  Swaziland: 'SZ',
  Macedonia: 'MK',
  'Vatican City': 'VA',
  'The Gambia': 'GM',
  "Cote d'Ivoire": 'CI',
  "Côte d'Ivoire": 'CI',
  'The Bahamas': 'BS',
  "People's Republic of China": 'CN',
}

/** The usual English name, if WordNet puts another first. */
const englishNames: Readonly<Record<string, string>> = {
  Antwerpen: 'Antwerp',
  Arhus: 'Aarhus',
  Bayrut: 'Beirut',
  Bourgogne: 'Burgundy',
  Bretagne: 'Brittany',
  Bruxelles: 'Brussels',
  Cancun: 'Cancún',
  Constantina: 'Constanța',
  Culiacan: 'Culiacán',
  Dimash: 'Damascus',
  Dusseldorf: 'Düsseldorf',
  Firenze: 'Florence',
  Goteborg: 'Gothenburg',
  Halab: 'Aleppo',
  Hannover: 'Hanover',
  Hameln: 'Hamelin',
  Hefa: 'Haifa',
  Kerbala: 'Karbala',
  Kharkov: 'Kharkiv',
  Kishinev: 'Chisinau',
  Kyyiv: 'Kyiv',
  'Luxembourg-Ville': 'Luxembourg City',
  Lodz: 'Łódź',
  Malaga: 'Málaga',
  Malmo: 'Malmö',
  Medellin: 'Medellín',
  Normandie: 'Normandy',
  Orissa: 'Odisha',
  Picardie: 'Picardy',
  Poznan: 'Poznań',
  Pusan: 'Busan',
  Puglia: 'Apulia',
  Rheims: 'Reims',
  Sana: 'Sanaa',
  'Sao Paulo': 'São Paulo',
  Sayda: 'Sidon',
  Sebastopol: 'Sevastopol',
  Sevilla: 'Seville',
  Szechwan: 'Sichuan',
  Taegu: 'Daegu',
  Teheran: 'Tehran',
  Tarabulus: 'Tripoli',
  Thessalia: 'Thessaly',
  Torreon: 'Torreón',
  Ashkhabad: 'Ashgabat',
  Valparaiso: 'Valparaíso',
  Warszawa: 'Warsaw',
  Wroclaw: 'Wrocław',
  Wurzburg: 'Würzburg',
  Gdansk: 'Gdańsk',
  Xian: "Xi'an",
  Bogota: 'Bogotá',
  Brasilia: 'Brasília',
  Belem: 'Belém',
  Asuncion: 'Asunción',
  Homyel: 'Gomel',
  Qum: 'Qom',
  Yaounde: 'Yaoundé',
  Lome: 'Lomé',
  'Al Aqabah': 'Aqaba',
  'Al Ladhiqiyah': 'Latakia',
  Gascogne: 'Gascony',
  'Ciudad Juarez': 'Ciudad Juárez',
  'Vina del Mar': 'Viña del Mar',
  'Gran Santiago': 'Santiago',
  Brasov: 'Brașov',
  Cadiz: 'Cádiz',
  Chiloe: 'Chiloé',
  'Ciudad Bolivar': 'Ciudad Bolívar',
  Durres: 'Durrës',
  'Joao Pessoa': 'João Pessoa',
  Mazatlan: 'Mazatlán',
  Noumea: 'Nouméa',
  Parnaiba: 'Parnaíba',
  Principe: 'Príncipe',
  Purace: 'Puracé',
  'San Luis Potosi': 'San Luis Potosí',
  Saone: 'Saône',
  'Sao Bernardo do Campo': 'São Bernardo do Campo',
  'Sao Francisco': 'São Francisco',
  'Sao Goncalo': 'São Gonçalo',
  'Sao Joao de Meriti': 'São João de Meriti',
  'Sao Jose dos Campos': 'São José dos Campos',
  'Vicente Lopez': 'Vicente López',
}

const synsets = readSynsets('noun')
const countryCodes: ReadonlyMap<string, string> = new Map([
  ...Object.entries(countries).map(([code, { name }]): [string, string] => [name, code]),
  ...Object.entries(otherNames),
])

/**
 * Countries and everything of WordNet that is part of exactly one, most frequent names first. Names of several
 * places (Birmingham, Cordoba), of people (Houston) and of things are left out; places.txt restores the important ones.
 */
export function places(): Place[] {
  const located = [...synsets.values()].filter(isPlace).flatMap((synset) => {
    const found = countriesOf(synset)
    const name = englishNames[synset.words[0] ?? ''] ?? synset.words[0] ?? ''
    return found.length === 1 && /^[\p{L}' .-]+$/u.test(name)
      ? [{ synset, name, country: found[0] ?? '' }]
      : []
  })
  const ambiguous = namesOfSeveral()
  const seen = new Set<string>()
  return located
    .filter(
      ({ name }) =>
        /^\p{Lu}/u.test(name) &&
        (!ambiguous.has(name.toLowerCase()) || isCountryName(name)) &&
        !seen.has(name) &&
        seen.add(name),
    )
    .map(({ synset, name, country }) => ({
      name,
      gloss: synset.gloss,
      country,
      isCountry: countryCode(synset) === country,
      isCity: hypernyms(synset).some((offset) => cityOffsets.has(offset)),
    }))
    .sort((a, b) => gpt2Rank(a.name) - gpt2Rank(b.name))
}

function isCountryName(name: string): boolean {
  return countryCodes.has(name)
}

/** Lexicographer's files: 15 noun.location, 17 noun.object (mountains, rivers, lakes). */
function isPlace({ file, pointers }: Synset): boolean {
  return (file === 15 || file === 17) && pointers.some(({ symbol }) => symbol === '@i')
}

const cityOffsets = new Set(
  [...synsets.values()]
    .filter(
      ({ words, file }) =>
        file === 15 && ['city', 'town', 'village', 'municipality'].includes(words[0] ?? ''),
    )
    .map(({ offset }) => offset),
)

function hypernyms(synset: Synset, depth = 0): string[] {
  if (depth > 12) return []
  const above = synset.pointers
    .filter(({ symbol }) => symbol === '@' || symbol === '@i')
    .map(({ target }) => target)
  return above.flatMap((target) => {
    const next = synsets.get(target)
    return next ? [target, ...hypernyms(next, depth + 1)] : [target]
  })
}

function countryCode({ words, file }: Synset): string | undefined {
  return file === 15 ? countryCodes.get(words[0] ?? '') : undefined
}

/** Codes of the countries that hold the place, following its part-of links up to a country. */
function countriesOf(synset: Synset, depth = 0): string[] {
  const own = countryCode(synset)
  if (own !== undefined && isCountry(synset)) return [own]
  if (depth > 8) return []
  const wholes = synset.pointers
    .filter(({ symbol }) => symbol === '#p')
    .flatMap(({ target }) => synsets.get(target) ?? [])
  return [...new Set(wholes.flatMap((whole) => countriesOf(whole, depth + 1)))]
}

/** The synset of the country itself, not of a town of the same name. */
function isCountry({ gloss }: Synset): boolean {
  return /republic|kingdom|monarchy|country|nation|sultanate|emirate|principality|duchy|commonwealth|theocracy/i.test(
    gloss,
  )
}

/** Lower-case names that are in more than one synset. */
function namesOfSeveral(): Set<string> {
  const owners = new Map<string, number>()
  for (const synset of synsets.values()) {
    for (const name of new Set(synset.words.map((word) => word.toLowerCase())))
      owners.set(name, (owners.get(name) ?? 0) + 1)
  }
  return new Set([...owners].filter(([, count]) => count > 1).map(([name]) => name))
}
