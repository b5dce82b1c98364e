/**
 * What answers of m tokens cost at all L, by the processor time of one token at all L with the same items:
 *
 *     npx tsx bench/answers.ts MODEL [TASK] [ITEMS]
 *
 * MODEL: an id that was pulled, or a folder or GGUF file. k = 5. `stop: ["\n"]` is how answers end in sweeps; without a stop text
 * every answer has all m tokens. `tokens` are the mean number that was generated.
 */
import { existsSync } from 'node:fs'
import { loadEngine } from '../src/engine/local-engine.js'
import { answerOf, promptsOf } from '../src/experiments/prompts.js'
import { prepareTask } from '../src/experiments/prepare-task.js'
import { locateModel } from '../src/models/locate.js'
import { scoringFor } from '../src/tasks/scoring.js'

const [model = 'smollm2-135m-q4', task = 'knowledge_country_capital', items = '16'] = process.argv.slice(2)
const answer = { maxTokens: 8, stop: ['\n'] }
const protocol = {
  ...{ seed: 41, demonstrations: 5, dummyQueries: 2, dummyMayBeDemonstration: true, answer },
  ...{ testItems: 1, devItems: Number(items), baselineItems: 1 },
}

const engine = await loadEngine(existsSync(model) ? model : locateModel({ id: model }))
const prepared = await prepareTask(engine, { kind: 'builtin', id: task }, protocol)
const prompts = await promptsOf(engine, prepared.items.dev, scoringFor('exact', answer))
const layers = Array.from({ length: engine.info.blocks }, (_, layer) => layer)
const asked = prompts.map(({ theta, bare, ...prompt }) => ({
  ...{ thetaPrompts: theta, patchedPrompt: bare, plainPrompts: [], ...answerOf(prompt) },
}))

async function seconds(generate?: { maxTokens: number; stop: readonly string[] }) {
  const before = process.cpuUsage()
  const { patched } = await engine.evaluate({ items: asked, layers, ...(generate ? { generate } : {}) })
  const { user, system } = process.cpuUsage(before)
  const lengths = patched.flat().map(({ tokens = [0] }) => tokens.length)
  return { seconds: (user + system) / 1e6, tokens: lengths.reduce((a, b) => a + b, 0) / lengths.length }
}

await seconds()
const one = await seconds()
console.log(`one token: ${one.seconds.toFixed(2)} s for ${items} items at ${layers.length} L`)
for (const maxTokens of [2, 4, 8])
  for (const stop of [['\n'], []]) {
    const took = await seconds({ maxTokens, stop })
    const ratio = took.seconds / one.seconds
    console.log(
      [
        `m = ${maxTokens}, ${stop.length > 0 ? 'to the newline' : 'all of them'}: ${took.tokens.toFixed(1)} tokens`,
        `${ratio.toFixed(2)} times one token's time`,
        `1 + ${((ratio - 1) / maxTokens).toFixed(2)} m`,
      ].join(', '),
    )
  }
await engine.close()
