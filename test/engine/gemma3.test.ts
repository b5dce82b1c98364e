import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EvaluateItem } from '../../src/engine/engine.js'
import { loadEngine, type LocalEngine } from '../../src/engine/local-engine.js'
import { pulledModel } from '../../src/models/locate.js'
import { formatPrompt } from '../../src/prompt/format.js'

/** What transformers predicts with hooks; written by make_gemma3.py beside it. */
interface Golden {
  readonly tasks: Readonly<
    Record<
      string,
      readonly {
        readonly demonstrations: readonly (readonly [string, string])[]
        readonly query: string
        readonly dummies: readonly string[]
        readonly regular: number
        readonly hypothesis: readonly number[]
      }[]
    >
  >
}

const file = new URL('../golden/gemma3-predictions.json', import.meta.url)
const { tasks } = JSON.parse(readFileSync(file, 'utf8')) as Golden

const path = pulledModel('gemma3-270m-q4')

/** A pull of 250 MB under terms of its own, which `npm test` does not make: `taskvec models pull gemma3-270m-q4`. */
describe.skipIf(path === null)('Gemma 3 270M, where it was pulled', () => {
  let engine: LocalEngine
  beforeAll(async () => {
    engine = await loadEngine(path ?? '')
  })
  afterAll(() => engine.close())

  it.each(Object.keys(tasks))(
    '%s: predicts with and without patches what transformers predicts with hooks',
    async (task) => {
      const golden = tasks[task] ?? []
      expect(golden).toHaveLength(40)
      const items = await Promise.all(golden.map(itemOf))
      const layers = Array.from({ length: engine.info.blocks }, (_, layer) => layer)
      const { patched, plain } = await engine.evaluate({ items, layers, thetas: 'mean' })
      const ours = patched.map((row, i) => [plain[i]?.[0]?.token, ...row.map(({ token }) => token)]).flat()
      const theirs = golden.map(({ regular, hypothesis }) => [regular, ...hypothesis]).flat()
      expect(ours).toHaveLength(40 * 19)
      expect(ours.filter((token, i) => token !== theirs[i]).length).toBeLessThanOrEqual(ours.length / 1000)
    },
  )

  async function itemOf(given: Golden['tasks'][string][number]): Promise<EvaluateItem> {
    const demonstrations = given.demonstrations.map(([input, output]) => ({ input, output }))
    const [patchedPrompt = [], regular = [], ...thetaPrompts] = await engine.encode([
      formatPrompt([], given.query),
      ...[given.query, ...given.dummies].map((x) => formatPrompt(demonstrations, x)),
    ])
    return { thetaPrompts, patchedPrompt, plainPrompts: [regular], answerToken: 0 }
  }
})
