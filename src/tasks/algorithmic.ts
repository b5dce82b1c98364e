import type { Pair } from '../domain/types.js'
import type { RandomSource } from '../statistics/random.js'
import type { GeneratedTask, ListTask, Source } from './task.js'

export const lower = [...'abcdefghijklmnopqrstuvwxyz']
const upper = lower.map((letter) => letter.toUpperCase())
export const sources: readonly Source[] = [{ name: 'made by code (src/tasks)', licence: 'MIT' }]

/** The six algorithmic tasks of the paper (docs/protocol.md, Tasks). Letters are used as written: no single-token filter. */
export function algorithmicTasks(): readonly (ListTask | GeneratedTask)[] {
  return [
    written('algorithmic_next_letter', lower.slice(0, -1), (x) => shift(x, 1)),
    written('algorithmic_prev_letter', lower.slice(1), (x) => shift(x, -1)),
    lists('algorithmic_list_first', lower, (elements) => elements[0]),
    lists('algorithmic_list_last', lower, (elements) => elements.at(-1)),
    written('algorithmic_to_upper', lower, (x) => x.toUpperCase()),
    written('algorithmic_to_lower', upper, (x) => x.toLowerCase()),
  ]
}

function shift(letter: string, by: number): string {
  return String.fromCharCode(letter.charCodeAt(0) + by)
}

/** A mapping with few enough inputs to list them all. */
export function written(id: string, inputs: readonly string[], answer: (x: string) => string): ListTask {
  const pairs = inputs.map((input): Pair => ({ input, output: answer(input), accept: [] }))
  return { kind: 'list', id, category: 'algorithmic', scoring: 'exact', sources, pairs, singleToken: false }
}

/** Lists of different elements, joined by commas; each length equally likely. */
export function lists(
  id: string,
  alphabet: readonly string[],
  answer: (elements: readonly string[]) => string | undefined,
  lengths: readonly number[] = [2, 3, 4],
): GeneratedTask {
  const size = lengths.reduce((sum, length) => sum + arrangements(alphabet.length, length), 0)
  const generate = (random: RandomSource): Pair => {
    const elements = drawSome(random, alphabet, lengths[random.below(lengths.length)] ?? 2)
    return { input: elements.join(','), output: answer(elements) ?? '', accept: [] }
  }
  return { kind: 'generated', id, category: 'algorithmic', scoring: 'exact', sources, size, generate }
}

/** `count` different elements in random order. */
function drawSome(random: RandomSource, elements: readonly string[], count: number): string[] {
  const left = [...elements]
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0] ?? '')
}

/** Ordered choices of `length` different elements out of `size`. */
function arrangements(size: number, length: number): number {
  return Array.from({ length }, (_, i) => size - i).reduce((product, choices) => product * choices, 1)
}
