import { numericsModes } from '../../src/domain/numerics.js'
import { kernelsHere } from '../../src/engine/kernels.js'
import { loadEngine } from '../../src/engine/local-engine.js'
import { forward } from '../../src/engine/reference-pass.js'
import { wholeNumberProductOf } from '../engine/int8-product.js'
import { largestDifference, tinyFolder, tinyGolden } from '../golden/read.js'

/**
 * The numerics tests without a test runner, for a processor under qemu: run by run.ts, which bundles it. Prints one JSON object.
 * Arguments: modes, comma-separated, and models of test/golden/tiny.
 */

/** Of one model in one mode. */
export interface ModelReport {
  readonly model: string
  readonly mode: string
  /** Largest |difference| of a residual stream or a logit from transformers'. */
  readonly fromGolden: number
  /** Between the wavefront and one ordinary pass per prompt: of log-probabilities, and predictions that differ. */
  readonly routes: { readonly logProb: number; readonly tokens: number }
  /** Of every golden prompt. */
  readonly logits: readonly (readonly number[])[]
  /** Log-probabilities and tokens of the wavefront's predictions. */
  readonly predictions: readonly { readonly token: number; readonly logProb: number }[]
}

export interface GuestReport {
  readonly kernels: string
  /** Outputs of products of whole numbers that are not the exact sum, of how many. */
  readonly inexact: number
  readonly products: number
  readonly models: readonly ModelReport[]
}

async function wholeNumbers(): Promise<{ inexact: number; products: number }> {
  const [rows, inputs, outputs] = [5, 1000, 37]
  let [inexact, products] = [0, 0]
  const draws: ((i: number) => number)[] = [
    () => 127,
    (i) => (i % 3 === 0 ? -127 : 127),
    (i) => ((i * 7919) % 255) - 127,
  ]
  for (const draw of draws) {
    const x = Array.from({ length: rows * inputs }, (_, i) => draw(i))
    const values = Float32Array.from({ length: outputs * inputs }, (_, i) =>
      i % inputs === 0 ? 127 : draw(i + 5),
    )
    const { computed, exact } = await wholeNumberProductOf(x, values, { rows, inputs, outputs })
    products += exact.length
    inexact += exact.filter((sum, i) => computed[i] !== sum).length
  }
  return { inexact, products }
}

async function reportOn(model: string, mode: (typeof numericsModes)[number]): Promise<ModelReport> {
  const engine = await loadEngine(tinyFolder(model), { mode: { numerics: mode } })
  const { prompts } = tinyGolden(model)
  const logits: number[][] = []
  let fromGolden = 0
  for (const { tokens, states, logits: expected } of prompts) {
    const { lastStates } = await forward(engine.sessions, tokens)
    for (const [layer, state] of states.entries())
      fromGolden = Math.max(fromGolden, largestDifference(lastStates[layer] ?? [], state))
    const given = [...(await engine.logits(tokens))]
    fromGolden = Math.max(fromGolden, largestDifference(given, expected))
    logits.push(given)
  }
  const items = prompts.map(({ tokens }, i) => ({
    thetaPrompts: [tokens, [...tokens].reverse()],
    patchedPrompt: tokens.slice(-2),
    plainPrompts: [tokens],
    answerToken: i + 1,
  }))
  const layers = Array.from({ length: engine.info.blocks }, (_, layer) => layer)
  const [wavefront, plain] = await Promise.all(
    (['wavefront', 'plain'] as const).map(async (route) => {
      const { patched, plain: regular } = await engine.evaluate({
        items,
        layers,
        ...(route === 'plain' ? { route } : {}),
      })
      return [...patched.flat(), ...regular.flat()]
    }),
  )
  await engine.close()
  const pairs = (wavefront ?? []).map((one, i) => [one, plain?.[i] as typeof one] as const)
  return {
    model,
    mode,
    fromGolden,
    routes: {
      logProb: Math.max(...pairs.map(([a, b]) => Math.abs(a.answerLogProb - b.answerLogProb))),
      tokens: pairs.filter(([a, b]) => a.token !== b.token).length,
    },
    logits,
    predictions: (wavefront ?? []).map(({ token, answerLogProb }) => ({ token, logProb: answerLogProb })),
  }
}

const models: ModelReport[] = []
const [modes = '', ...names] = process.argv.slice(2)
for (const model of names)
  for (const mode of numericsModes)
    if (modes.split(',').includes(mode)) models.push(await reportOn(model, mode))
const report: GuestReport = { kernels: await kernelsHere(), ...(await wholeNumbers()), models }
process.stdout.write(JSON.stringify(report) + '\n')
