import { formatOf } from '../../prompt/templates.js'
import { TaskvecError } from '../../domain/errors.js'
import { canonicalJson, sha256 } from '../../domain/identity.js'
import type { Item, Pair, Protocol } from '../../domain/types.js'
import { randomFor, type RandomSource } from '../../statistics/random.js'
import { demonstrationsFor, isGenerated, testQueries, type Population } from '../../tasks/sampling.js'

/** Number of queries drawn, of which those that both tasks share are kept (docs/protocol.md, Conflicting tasks). */
const draws = 1000

/** A query of both tasks: S of A, and (S, x') of B. */
export interface ConflictingItem {
  readonly a: Item
  readonly b: Item
}

interface Side {
  readonly id: string
  readonly population: Population
}

/**
 * The first `count` queries of A that are inputs of B too, with S of A, and S and x' of B; neither holds x. Each draw
 * depends on the seed, both tasks and its own number only. Errors: TASK if the tasks share no input, or one is too small.
 */
export function drawConflicting(
  a: Side,
  b: Side,
  {
    seed,
    demonstrations,
    dummyQueries,
    prompt,
  }: Pick<Protocol, 'seed' | 'demonstrations' | 'dummyQueries' | 'prompt'>,
  count: number,
): ConflictingItem[] {
  const hashes = [a, b].map(({ population }) =>
    isGenerated(population) ? null : sha256(canonicalJson(population)),
  )
  const format = formatOf(prompt)
  const queries = testQueries(a.population)
  const items: ConflictingItem[] = []
  for (let index = 0; index < draws && items.length < count; index++) {
    const key = { seed, tasks: [a.id, b.id], hashes, purpose: 'conflicting', index }
    const pairA = draw(randomFor(key), queries)
    const pairB = sameInput(key, pairA, b.population)
    if (!pairB) continue
    const side = ({ id, population }: Side, pair: Pair, dummies: number) => ({
      ...demonstrationsFor(randomFor({ ...key, of: id }), id, population, pair, demonstrations, dummies),
      query: pair.input,
      answer: pair.output,
      accept: pair.accept,
      ...(format ? { prompt: format } : {}),
    })
    items.push({ a: side(a, pairA, 0), b: side(b, pairB, dummyQueries) })
  }
  if (items.length > 0) return items
  throw new TaskvecError('TASK', `${a.id} and ${b.id} share no inputs for this model`)
}

function draw(random: RandomSource, population: Population): Pair {
  if (isGenerated(population)) return population.generate(random)
  return population[random.below(population.length)] as Pair
}

/** B's pair with the input that A drew. Two generators either make the same inputs from the same numbers or share none. */
function sameInput(key: unknown, { input }: Pair, b: Population): Pair | undefined {
  if (!isGenerated(b)) return b.find((pair) => pair.input === input)
  const pair = b.generate(randomFor(key))
  return pair.input === input ? pair : undefined
}
