/**
 * Multiply-adds in products with weights that `taskvec bench` asks of each method, per item, blocks and unembedding apart:
 * `npx tsx bench/operations.ts MODEL [TASK]`. Follows published_method.py and expert_method.py line by line; the wavefront counts its own, with attention's, which are few.
 */
import { macs } from '../src/architectures/decoder-sizes.js'
import { preparedWork } from '../src/bench/task-bench.js'
import { runTask } from '../src/bench/task-run.js'
import { promptsOf, type ItemPrompts } from '../src/experiments/prompts.js'
import { loadEngine } from '../src/engine/local-engine.js'
import { locateModel } from '../src/models/locate.js'

const [id = 'smollm2-135m-q4', task = 'algorithmic_to_upper'] = process.argv.slice(2)
/** As in expert_method.py. */
const itemsAtOnce = 25

const engine = await loadEngine(locateModel({ id }))
const { decoder } = engine.sessions
const work = await preparedWork(engine, { task, devItems: 50, testItems: 50, demonstrations: 5 })
const [dev, test] = [await promptsOf(engine, work.dev), await promptsOf(engine, work.test)]
const { flops, bestLayer } = await runTask(engine, [process.pid], work)
const items = dev.length + test.length
const blocks = decoder.layers.map((layer) => macs(layer).fullRow)
const all = sum(blocks)
const head = decoder.vocab * decoder.dModel
const read = dev.length * blocks.length + 2 * test.length

print('wavefront', flops / 2 - read * head, read * head)
const published = publishedRows()
print('published', published.blocks, published.rows * head)
print('expert', expertBlocks(), read * head)
await engine.close()

/** Every position of every padded prompt goes through all blocks and the unembedding, and one more for each L. */
function publishedRows(): { blocks: number; rows: number } {
  const padded = (prompts: readonly (readonly number[])[]) => prompts.length * longest(prompts)
  const rows =
    padded(dev.flatMap(({ theta }) => theta)) +
    padded(dev.map(({ bare }) => bare)) +
    dev.length * blocks.length +
    padded(test.map(({ regular }) => regular)) +
    padded(test.flatMap(({ theta }) => theta)) +
    padded(test.map(({ bare }) => bare))
  return { blocks: rows * all, rows }
}

/** Common prefixes once, padded within a batch; θ_L through the blocks after L. */
function expertBlocks(): number {
  const afterL = dev.length * sum(blocks.map((size, block) => size * block))
  const afterBest = test.length * sum(blocks.slice(bestLayer + 1))
  return sum([...batches(dev, false), ...batches(test, true)].map((rows) => rows * all)) + afterL + afterBest
}

function batches(prompts: readonly ItemPrompts[], withRegular: boolean): number[] {
  return Array.from({ length: Math.ceil(prompts.length / itemsAtOnce) }, (_, i) => {
    const part = prompts.slice(i * itemsAtOnce, (i + 1) * itemsAtOnce)
    const branches = part.map(({ theta, regular }) => [...theta, ...(withRegular ? [regular] : [])])
    const cuts = branches.map(commonPrefix)
    const suffixes = branches.flatMap((ofItem, item) =>
      ofItem.map((prompt) => prompt.length - (cuts[item] as number)),
    )
    const bare = part.map(({ bare }) => bare.length - 1)
    return (
      part.length * Math.max(...cuts) +
      suffixes.length * Math.max(...suffixes) +
      part.length * Math.max(...bare)
    )
  })
}

function commonPrefix(prompts: readonly (readonly number[])[]): number {
  let length = 0
  while (prompts.every((prompt) => prompt.length > length + 1 && prompt[length] === prompts[0]?.[length]))
    length++
  return length
}

function longest(prompts: readonly (readonly number[])[]): number {
  return Math.max(...prompts.map(({ length }) => length))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function print(method: string, inBlocks: number, inHead: number): void {
  const figures = [inBlocks, inHead, inBlocks + inHead].map((value) =>
    (value / items / 1e9).toFixed(2).padStart(7),
  )
  console.log(`${method.padEnd(10)} ${figures.join(' ')}  ${((inBlocks + inHead) / (flops / 2)).toFixed(2)}`)
}
