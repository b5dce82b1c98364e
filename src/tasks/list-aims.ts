import type { ListAims } from './check-list.js'

/**
 * Sizes that leave enough pairs after every model's single-token filter, and shares below which a constant answer does not
 * look like a learned task (docs/word-lists.md).
 */
export const listAims: Readonly<Record<string, ListAims>> = {
  translation_fr_en: { pairs: 1200 },
  translation_es_en: { pairs: 1200 },
  translation_en_fr: { pairs: 1200 },
  translation_en_es: { pairs: 1200 },
  translation_en_it: { pairs: 300 },
  translation_it_en: { pairs: 300 },
  translation_en_de: { pairs: 600 },
  translation_de_en: { pairs: 600 },
  translation_en_ja: { pairs: 600 },
  translation_ja_en: { pairs: 600 },
  translation_en_zh: { pairs: 600 },
  translation_zh_en: { pairs: 600 },
  linguistic_present_simple_gerund: { pairs: 1200 },
  linguistic_present_simple_past_simple: { pairs: 1200 },
  linguistic_plural_singular: { pairs: 300 },
  linguistic_antonyms: { pairs: 250 },
  knowledge_country_capital: { pairs: 190 },
  knowledge_person_language: { pairs: 900, share: 0.2 },
  knowledge_location_continent: { pairs: 900, share: 0.3 },
  knowledge_location_religion: { pairs: 400, share: 0.4999 },
}
