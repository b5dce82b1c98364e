import { lists, lower, sources, written } from './algorithmic.js'
import { wordListIds, wordListTask } from './lists.js'
import type { ListTask, Task } from './task.js'

/**
 * Tasks that `tasks: all` leaves out, usable by id: those that the authors' code defines and the paper doesn't report
 * (docs/protocol.md, Tasks), and those of later work (docs/further-tasks.md). Word lists of lists/ that are not among the
 * paper's are further tasks too.
 */
export function furtherTaskIds(paper: readonly string[]): string[] {
  const inFiles = wordListIds().filter((id) => !paper.includes(id))
  return [...new Set([...Object.keys(madeByCode), ...inFiles])]
}

/** A task of `furtherTaskIds`; undefined for any other id. */
export function furtherTask(id: string): Task | undefined {
  if (wordListIds().includes(id)) return wordListTask(id)
  return Object.hasOwn(madeByCode, id) ? madeByCode[id]?.(id) : undefined
}

const digits = [...'0123456789']
const months = 'January February March April May June July August September October November December'.split(
  ' ',
)
const numerals = Array.from({ length: 39 }, (_, i) => roman(i + 1))

const madeByCode: Readonly<Record<string, (id: string) => Task>> = {
  algorithmic_list_min: (id) => lists(id, digits, (elements) => [...elements].sort()[0]),
  algorithmic_list_max: (id) => lists(id, digits, (elements) => [...elements].sort().at(-1)),
  algorithmic_list_length: (id) => lists(id, lower, (elements) => String(elements.length), [1, 2, 3]),
  algorithmic_char_to_int: (id) => written(id, lower.slice(0, 9), (x) => String(lower.indexOf(x) + 1)),
  algorithmic_int_to_char: (id) => written(id, digits.slice(1), (x) => lower[Number(x) - 1] ?? ''),
  algorithmic_next_digit: (id) => neighbours(id, digits, 1),
  algorithmic_prev_digit: (id) => neighbours(id, digits, -1),
  algorithmic_next_roman_numeral: (id) => ({ ...neighbours(id, numerals, 1), singleToken: true }),
  algorithmic_prev_roman_numeral: (id) => ({ ...neighbours(id, numerals, -1), singleToken: true }),
  algorithmic_next_month: (id) => ({ ...neighbours(id, months, 1), singleToken: true }),
  algorithmic_prev_month: (id) => ({ ...neighbours(id, months, -1), singleToken: true }),
  algorithmic_swap_case: (id) =>
    written(id, [...lower, ...lower.map((x) => x.toUpperCase())], (x) =>
      x === x.toLowerCase() ? x.toUpperCase() : x.toLowerCase(),
    ),
  algorithmic_choose_middle: (id) => lists(id, lower, (elements) => elements[1], [3]),
  algorithmic_capitalize_first_letter: (id) => ofWords(id, (word) => word.charAt(0).toUpperCase()),
  algorithmic_word_length: (id) => ofWords(id, (word) => String(word.length)),
  algorithmic_capitalize_word: (id) => ofWords(id, (word) => word.charAt(0).toUpperCase() + word.slice(1)),
  algorithmic_capitalize_last_letter: (id) => ofWords(id, (word) => word.slice(-1).toUpperCase()),
  algorithmic_choose_first_of_5: (id) => lists(id, lower, (elements) => elements[0], [5]),
  algorithmic_choose_middle_of_5: (id) => lists(id, lower, (elements) => elements[2], [5]),
  algorithmic_choose_last_of_5: (id) => lists(id, lower, (elements) => elements[4], [5]),
  algorithmic_alphabetically_first_3: (id) => lists(id, lower, (elements) => [...elements].sort()[0], [3]),
  algorithmic_alphabetically_first_5: (id) => lists(id, lower, (elements) => [...elements].sort()[0], [5]),
  algorithmic_alphabetically_last_3: (id) => lists(id, lower, (elements) => [...elements].sort().at(-1), [3]),
  algorithmic_alphabetically_last_5: (id) => lists(id, lower, (elements) => [...elements].sort().at(-1), [5]),
  bijection_country_capital: bothWays,
}

/** Each element and the one `by` places on; the ends have none. */
function neighbours(id: string, sequence: readonly string[], by: 1 | -1): ListTask {
  const inputs = by === 1 ? sequence.slice(0, -1) : sequence.slice(1)
  return written(id, inputs, (x) => sequence[sequence.indexOf(x) + by] ?? '')
}

function roman(number: number): string {
  const ones = ['', 'I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX'][number % 10] ?? ''
  return 'X'.repeat(Math.floor(number / 10)) + ones
}

/** Lower-case English words of three letters and more, the inputs of translation_en_fr, and what code makes of each. */
function ofWords(id: string, answer: (word: string) => string): ListTask {
  const list = wordListTask('translation_en_fr')
  const pairs = list.pairs
    .filter(({ input }) => /^[a-z]{3,}$/.test(input))
    .map(({ input }) => ({ input, output: answer(input), accept: [] }))
  return { ...list, id, category: 'algorithmic', sources: [...sources, ...list.sources], pairs }
}

/** Countries to capitals and capitals to countries. A name that is both is listed once, as the country. */
function bothWays(id: string): ListTask {
  const list = wordListTask('knowledge_country_capital')
  const countries = new Set(list.pairs.map(({ input }) => input))
  const back = list.pairs
    .filter(({ output }) => !countries.has(output))
    .map(({ input, output }) => ({ input: output, output: input, accept: [] }))
  return { ...list, id, pairs: [...list.pairs, ...back] }
}
