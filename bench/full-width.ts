/**
 * Holds the engine against what transformers computed on a model that bench/full_width.py wrote, after every block and at
 * the logits, and measures its rate on 16 items over all layers. Usage: npx tsx bench/full-width.ts FOLDER
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { loadEngine } from '../src/engine/local-engine.js'
import { measurePeakGflops, ownProcessorSeconds } from '../src/engine/measure-peak.js'
import { forward } from '../src/engine/reference-pass.js'
import { syntheticItems } from './synthetic-items.js'

interface Expected {
  readonly prompts: readonly { tokens: number[]; states: number[][]; logits: number[] }[]
  readonly torchProcessorSeconds: number
}

const [folder = ''] = process.argv.slice(2)
const { prompts, torchProcessorSeconds } = JSON.parse(
  readFileSync(join(folder, 'expected.json'), 'utf8'),
) as Expected
const engine = await loadEngine(folder)
process.stderr.write(`${engine.plan.summary}\n`)

let [states, logits] = [0, 0]
const compared = await ownProcessorSeconds(async () => {
  for (const prompt of prompts) {
    const { lastStates } = await forward(engine.sessions, prompt.tokens)
    lastStates.forEach((state, block) => (states = worst(states, state, prompt.states[block] ?? [])))
    logits = worst(logits, await engine.logits(prompt.tokens), prompt.logits)
  }
})

const items = syntheticItems(16)
const layers = Array.from({ length: engine.info.blocks }, (_, layer) => layer)
let flops = 0
const peakGflops = await measurePeakGflops()
const seconds = await ownProcessorSeconds(async () => {
  flops = (await engine.evaluate({ items, layers })).flops ?? 0
})
process.stdout.write(
  `${JSON.stringify({
    shape: basename(folder),
    blocks: engine.info.blocks,
    dModel: engine.info.dModel,
    parameters: engine.info.parameters,
    execution: engine.plan.execution,
    promptTokens: prompts.map(({ tokens }) => tokens.length),
    largestStateDifference: states,
    largestLogitDifference: logits,
    largestLogit: prompts
      .flatMap((prompt) => prompt.logits)
      .reduce((most, logit) => Math.max(most, Math.abs(logit)), 0),
    processorSeconds: { twicePrompts: compared, torchPrompts: torchProcessorSeconds, wavefront: seconds },
    gflops: flops / seconds / 1e9,
    peakGflops,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
  })}\n`,
)
await engine.close()

/** The larger of `sofar` and |a - b|; NaN where any value is. */
function worst(sofar: number, a: Float32Array, b: readonly number[]): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`)
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), sofar)
}
