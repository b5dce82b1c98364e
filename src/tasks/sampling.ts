import { TaskvecError } from '../domain/errors.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import type { Demonstration, Item, ListSplit, Pair, Protocol, Split } from '../domain/types.js'
import { formatOf } from '../prompt/templates.js'
import { randomFor, type RandomSource } from '../statistics/random.js'
import type { GeneratedTask } from './task.js'

/** What items are drawn from: the surviving pairs of a list, or a generator. */
export type Population = readonly Pair[] | GeneratedTask

/**
 * The items of all three splits. Item i of a split depends only on (seed, task, pairs, split, i): never on the order
 * of execution, on the other splits, or on how many items are asked for (docs/protocol.md, Sampling). `drawnAs`: the same
 * pairs as another prompt writes them, whose draws are repeated.
 * Errors: TASK if the population is smaller than one item needs.
 */
export function drawItems(
  task: string,
  population: Population,
  protocol: Protocol,
  drawnAs?: readonly Pair[],
): Record<Split, readonly Item[]> {
  const draw = itemDrawer(task, population, protocol, drawnAs)
  const all = (split: Split, count: number) => Array.from({ length: count }, (_, index) => draw(split, index))
  return {
    baseline: all('baseline', protocol.baselineItems),
    dev: all('dev', protocol.devItems),
    test: all('test', protocol.testItems),
  }
}

/** The same items, one by one. Errors: TASK, at once, if the population is smaller than one item needs. */
export function itemDrawer(
  task: string,
  population: Population,
  protocol: Protocol,
  drawnAs?: readonly Pair[],
): (split: Split, index: number) => Item {
  const pools = poolsOf(population)
  assertEnough(task, pools, atMost(protocol))
  const pairs = isGenerated(population) ? null : sha256(canonicalJson(drawnAs ?? population))
  const format = formatOf(protocol.prompt)
  const prompt = format ? { prompt: format } : {}
  const held = pools.queries && queryDrawer({ seed: protocol.seed, task, pairs }, pools.queries)
  return (split, index) => {
    const key = { seed: protocol.seed, task, pairs, split, index }
    const query = held?.(split, index)
    const item =
      split === 'baseline'
        ? baselineItem(query ?? drawOther(randomFor(key), population, new Set()))
        : demonstratedItem(key, pools.demonstrations, protocol, query)
    return { ...item, ...prompt }
  }
}

/** What an item is drawn from. */
interface Pools {
  /** S and x'. */
  readonly demonstrations: Population
  /** Only for a list with its own splits: x of each split. */
  readonly queries?: Readonly<Record<Split, readonly Pair[]>>
}

function poolsOf(population: Population): Pools {
  if (isGenerated(population) || population.every(({ split }) => split === undefined))
    return { demonstrations: population }
  const of = (split: ListSplit) => population.filter((pair) => pair.split === split)
  const [train, dev, test] = [of('train'), of('dev'), of('test')]
  return {
    demonstrations: train,
    queries: { dev: population.some(({ split }) => split === 'dev') ? dev : train, test, baseline: test },
  }
}

/** Each query of a split once, shuffled, then all of them once more. */
function queryDrawer(
  key: object,
  queries: NonNullable<Pools['queries']>,
): (split: Split, index: number) => Pair {
  const orders = new Map<string, readonly Pair[]>()
  return (split, index) => {
    const of = queries[split]
    const drawn = { split: split === 'dev' ? 'dev' : 'test', round: Math.floor(index / of.length) }
    const name = `${drawn.split} ${drawn.round}`
    const order = orders.get(name) ?? shuffled(of, randomFor({ ...key, purpose: 'queries', ...drawn }))
    orders.set(name, order)
    return order[index % of.length] as Pair
  }
}

/** What queries of test may be drawn from. */
export function testQueries(population: Population): Population {
  return poolsOf(population).queries?.test ?? population
}

/** Everything drawn for an item, used or not. */
function atMost({ demonstrations, dummyQueries, dummyMayBeDemonstration, paired }: Protocol) {
  return {
    demonstrations: Math.max(demonstrations, paired?.demonstrations ?? 0),
    dummyQueries: Math.max(dummyQueries, paired?.dummyQueries ?? 0),
    dummyMayBeDemonstration,
  }
}

/** [x, ->]: a query alone. */
function baselineItem({ input, output, accept }: Pair): Item {
  return { demonstrations: [], query: input, answer: output, accept, dummyQueries: [] }
}

/**
 * S and x without replacement; then the dummy queries x', all different, none equal to x. Paired settings all draw the
 * same, one of them as it would alone: the others take less of it, or further S from a separate stream. `held`: x, if it
 * comes from a separate split.
 */
function demonstratedItem(key: object, population: Population, protocol: Protocol, held?: Pair): Item {
  const { demonstrations: k, dummyQueries: dummies, dummyMayBeDemonstration, paired } = protocol
  const random = randomFor(key)
  const inS = new Set<string>(held && [held.input])
  const demonstrate = (source: RandomSource, count: number, taken: Set<string>): Demonstration[] =>
    Array.from({ length: count }, () => {
      const { input, output } = drawOther(source, population, taken)
      taken.add(input)
      return { input, output }
    })
  const drawn = demonstrate(random, paired?.demonstrations ?? k, inS)
  const { input: query, output: answer, accept } = held ?? drawOther(random, population, inS)

  const notDummy = new Set(dummyMayBeDemonstration ? [query] : [query, ...inS])
  const dummyQueries = Array.from({ length: paired?.dummyQueries ?? dummies }, () => {
    const { input } = drawOther(random, population, notDummy)
    notDummy.add(input)
    return input
  })
  const taken = new Set([...inS, query, ...(dummyMayBeDemonstration ? [] : dummyQueries)])
  const more = Math.max(0, k - drawn.length)
  const further = demonstrate(randomFor({ ...key, purpose: 'more demonstrations' }), more, taken)
  return {
    demonstrations: arranged([...drawn, ...further].slice(0, k), key, population, protocol),
    ...{ query, answer, accept, dummyQueries: dummyQueries.slice(0, dummies) },
  }
}

/** S with other labels or in another order, if the protocol says so (docs/protocol.md, Sampling). */
function arranged(
  demonstrations: readonly Demonstration[],
  key: object,
  population: Population,
  { demonstrationLabels, orderSeed }: Protocol,
): readonly Demonstration[] {
  const random = randomFor({ ...key, purpose: 'labels' })
  const outputs =
    demonstrationLabels === 'shuffled'
      ? shuffled(
          demonstrations.map(({ output }) => output),
          random,
        )
      : demonstrationLabels === 'random'
        ? demonstrations.map(() => drawOther(random, population, new Set()).output)
        : null
  const labelled = outputs
    ? demonstrations.map(({ input }, i) => ({ input, output: outputs[i] as string }))
    : demonstrations
  return orderSeed === undefined
    ? labelled
    : shuffled(labelled, randomFor({ ...key, purpose: 'order', orderSeed }))
}

/** Every order equally likely (Fisher-Yates). */
function shuffled<T>(things: readonly T[], random: RandomSource): T[] {
  const all = [...things]
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[all[i], all[j]] = [all[j] as T, all[i] as T]
  }
  return all
}

/**
 * S and dummy queries x' for a given query, which is in neither. Errors: TASK if the population is too small.
 */
export function demonstrationsFor(
  random: RandomSource,
  task: string,
  population: Population,
  { input: query }: Pair,
  demonstrations: number,
  dummyQueries: number,
): Pick<Item, 'demonstrations' | 'dummyQueries'> {
  const pools = poolsOf(population)
  assertEnough(task, pools, { demonstrations, dummyQueries, dummyMayBeDemonstration: true })
  const inS = new Set([query])
  const notDummy = new Set([query])
  const other = (taken: Set<string>) => {
    const pair = drawOther(random, pools.demonstrations, taken)
    taken.add(pair.input)
    return pair
  }
  return {
    demonstrations: Array.from({ length: demonstrations }, () => {
      const { input, output } = other(inS)
      return { input, output }
    }),
    dummyQueries: Array.from({ length: dummyQueries }, () => other(notDummy).input),
  }
}

/** A pair whose input is not among `taken`, all others equally likely. Ends because `assertEnough` held. */
function drawOther(random: RandomSource, population: Population, taken: ReadonlySet<string>): Pair {
  for (;;) {
    const pair = isGenerated(population)
      ? population.generate(random)
      : population[random.below(population.length)]
    if (pair && !taken.has(pair.input)) return pair
  }
}

function assertEnough(
  task: string,
  { demonstrations: population, queries }: Pools,
  protocol: Pick<Protocol, 'demonstrations' | 'dummyQueries' | 'dummyMayBeDemonstration'>,
): void {
  const { demonstrations: k, dummyQueries } = protocol
  const size = isGenerated(population) ? population.size : population.length
  const needed = protocol.dummyMayBeDemonstration ? Math.max(k + 1, 1 + dummyQueries) : k + 1 + dummyQueries
  const without = (['dev', 'test'] as const).find((split) => queries?.[split].length === 0)
  if (without)
    throw new TaskvecError('TASK', `${task}: no pairs of the split "${without}" are left`, {
      hint: 'Queries are drawn from it: give the split more pairs.',
    })
  // If x comes from another split, none of these is used for it.
  const own = queries === undefined || queries.dev === population ? needed : needed - 1
  if (size >= own) return
  const pairs = queries ? 'pairs of the split "train"' : 'pairs'
  throw new TaskvecError(
    'TASK',
    `${task}: ${size} ${pairs} are left, but an item needs ${own} ` +
      `(${k} demonstrations, ${own === needed ? '1 query, ' : ''}${dummyQueries} dummy queries)`,
    { hint: 'Lower demonstrations or dummyQueries, or give the task a longer list.' },
  )
}

export function isGenerated(population: Population): population is GeneratedTask {
  return 'generate' in population
}
