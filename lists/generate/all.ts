import { fileURLToPath } from 'node:url'
import { antonymList } from './antonyms.js'
import { capitalList } from './capitals.js'
import type { GeneratedList } from './list.js'
import { factLists } from './facts.js'
import { peopleList } from './people.js'
import { pluralList, singularPluralList } from './plurals.js'
import { continentList, religionList } from './religion-and-continent.js'
import { furtherTranslationLists, translationLists } from './translations.js'
import { pastPerfectList, verbLists } from './verbs.js'
import { writeList } from './write.js'

/** The paper's twelve word lists. `npm run data:generate` writes them to lists/; running it again changes no byte. */
export function allLists(): GeneratedList[] {
  return [
    ...translationLists(),
    ...verbLists(),
    pluralList(),
    antonymList(),
    capitalList(),
    peopleList(),
    continentList(),
    religionList(),
  ]
}

/** Lists of the further tasks of the paper's code, off by default. */
export function furtherLists(): GeneratedList[] {
  return [...furtherTranslationLists(), singularPluralList(), pastPerfectList()]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const list of [...allLists(), ...furtherLists(), ...factLists()]) {
    const { task, entries } = writeList(list)
    process.stdout.write(`${task}: ${entries.length} pairs\n`)
  }
}
