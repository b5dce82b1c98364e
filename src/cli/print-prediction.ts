import type { Continuation } from '../predict/next-tokens.js'
import type { PatchedVector } from '../predict/patches.js'
import type { PatchedContinuation, PredictAnswer } from '../predict/predict.js'
import { toStdout } from './stdout.js'

/** Prints the answer of `taskvec predict` as lines or JSON. */
export function printPrediction(
  options: { readonly model: string; readonly json?: boolean },
  found: PredictAnswer,
): void {
  if ('logits' in found) return printJson(found)
  if (options.json) return printJson({ model: options.model, ...found })
  if ('top' in found) {
    if (!found.patched) return printContinuation(found)
    if (found.patched.length > 1) return printByLayer(found, found.patched)
    toStdout('without\n')
    printContinuation(found)
    for (const patched of found.patched) {
      toStdout(`\nwith ${patched.vectors.map(describeVector).join(', ')}\n`)
      printContinuation(patched)
    }
    return
  }
  const shown = found.demonstrations.map(({ input, output }) => `${input}->${output}`).join('  ')
  process.stderr.write(`θ from S = ${shown}\n     and x' = ${found.dummyQueries.join(', ')}\n`)
  toStdout(`regular     [S, x, ->]   ${JSON.stringify(found.regular)}\n`)
  toStdout(`baseline    [x, ->]      ${JSON.stringify(found.baseline)}\n`)
  for (const row of found.hypothesis)
    toStdout(`hypothesis  L = ${String(row.layer).padStart(2)}       ${JSON.stringify(row.prediction)}\n`)
}

function printContinuation({ top, text }: Continuation): void {
  if (text !== undefined) return toStdout(`${JSON.stringify(text)}\n`)
  for (const { token, text, probability } of top)
    toStdout(`${probability.toFixed(4)}  ${String(token).padStart(6)}  ${JSON.stringify(text)}\n`)
}

/** One vector at each of its layers, one row per layer. */
function printByLayer(without: Continuation, patched: readonly PatchedContinuation[]): void {
  toStdout(`without      ${shortly(without)}\n`)
  for (const each of patched)
    toStdout(`L = ${String(each.vectors[0]?.layer ?? '').padStart(2)}       ${shortly(each)}\n`)
}

function shortly({ top, text }: Continuation): string {
  return JSON.stringify(text ?? top[0]?.text ?? '')
}

function describeVector({ vector, layer, scale, mode, positions }: PatchedVector): string {
  const times = scale === 1 ? '' : `${scale} x `
  return `${times}${vector} (L = ${layer}, ${mode}${positions === 'all' ? ', every token' : ''})`
}

function printJson(value: unknown): void {
  process.stdout.write(JSON.stringify(value) + '\n')
}
