import type { Pair } from '../domain/types.js'
import type { RandomSource } from './random.js'
import type { GeneratedTask, ListTask, Source } from './task.js'

/** The six algorithmic tasks of the paper (PROTOCOL, Tasks). Letters stand as written: no single-token filter. */
export function algorithmicTasks(): readonly (ListTask | GeneratedTask)[] {
  return [
    letters('algorithmic_next_letter', lower.slice(0, -1), (x) => shift(x, 1)),
    letters('algorithmic_prev_letter', lower.slice(1), (x) => shift(x, -1)),
    lists('algorithmic_list_first', (elements) => elements[0]),
    lists('algorithmic_list_last', (elements) => elements.at(-1)),
    letters('algorithmic_to_upper', lower, (x) => x.toUpperCase()),
    letters('algorithmic_to_lower', upper, (x) => x.toLowerCase()),
  ]
}

const lower = [...'abcdefghijklmnopqrstuvwxyz']
const upper = lower.map((letter) => letter.toUpperCase())
const sources: readonly Source[] = [{ name: 'made by code (src/tasks/algorithmic.ts)', licence: 'MIT' }]

function shift(letter: string, by: number): string {
  return String.fromCharCode(letter.charCodeAt(0) + by)
}

function letters(id: string, inputs: readonly string[], answer: (x: string) => string): ListTask {
  const pairs = inputs.map((input): Pair => ({ input, output: answer(input), accept: [] }))
  return { kind: 'list', id, category: 'algorithmic', scoring: 'exact', sources, pairs, singleToken: false }
}

/** Lists of 2, 3 or 4 different letters; each length equally likely. */
const lengths = [2, 3, 4] as const

function lists(id: string, answer: (elements: readonly string[]) => string | undefined): GeneratedTask {
  const size = lengths.reduce((sum, length) => sum + arrangements(length), 0)
  const generate = (random: RandomSource): Pair => {
    const elements = randomLetters(random, lengths[random.below(lengths.length)] ?? 2)
    return { input: elements.join(','), output: answer(elements) ?? '', accept: [] }
  }
  return { kind: 'generated', id, category: 'algorithmic', scoring: 'exact', sources, size, generate }
}

function randomLetters(random: RandomSource, count: number): string[] {
  const left = [...lower]
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0] ?? '')
}

/** Ordered choices of `length` different letters out of 26. */
function arrangements(length: number): number {
  return lower.slice(0, length).reduce((product, _, i) => product * (lower.length - i), 1)
}
