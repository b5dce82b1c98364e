import { countries, type ICountry, type TCountryCode } from 'countries-list'

/** Dependent territories and uninhabited places; every other entry of countries-list is a state. */
const notStates = new Set(
  `AC AI AQ AS AW AX BL BM BQ BV CC CK CW CX EH FK FO GF GG GI GL GP GS GU HK HM IM IO JE KY MF MO MP MQ MS NC NF NU PF
  PM PN PR RE SH SJ SX TA TC TF TK UM VG VI WF YT`.split(/\s+/),
)

/** Names in use that differ from countries-list's; no alternatives are needed, since the country is the input. */
const names: Readonly<Record<string, string>> = { TR: 'Turkey', CV: 'Cape Verde' }

export interface State {
  readonly code: TCountryCode
  readonly name: string
  readonly country: ICountry
}

/** The member and observer states of the United Nations, Kosovo and Taiwan. */
export function states(): State[] {
  return (Object.entries(countries) as [TCountryCode, ICountry][])
    .filter(([code]) => !notStates.has(code))
    .map(([code, country]) => ({ code, country, name: names[code] ?? country.name }))
}
