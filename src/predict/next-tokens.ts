import type { Engine, Patch } from '../engine/engine.js'
import type { Likely } from '../experiments/answer-by-task-vector.js'

/** A model's continuation of a prompt, with or without patched vectors. */

export interface Continuation {
  /** The most likely next tokens, most likely first; ties go to the lowest id. */
  readonly top: readonly Likely[]
  /** The greedy continuation, if more than one token is asked for; `top[0]` is its first token. */
  readonly text?: string
  readonly generated?: readonly number[]
}

export interface ContinuationOptions {
  readonly top: number
  /** Maximum number of tokens to generate; 1: only the next. */
  readonly maxTokens: number
  /** Texts that end the generation; `text` stops before them. */
  readonly stop: readonly string[]
}

/**
 * The continuation of a prompt of token ids. A patch at one position applies there, and later tokens attend to it; a patch at all
 * positions also applies to generated tokens.
 */
export async function continuation(
  engine: Pick<Engine, 'logits' | 'decode' | 'decodeAll'>,
  prompt: readonly number[],
  patches: readonly Patch[],
  { top, maxTokens, stop }: ContinuationOptions,
): Promise<Continuation> {
  const likely = await likeliest(engine, await engine.logits(prompt, patches), top)
  if (maxTokens <= 1) return { top: likely }
  const generated: number[] = []
  let text = ''
  let next = likely[0]?.token
  while (next !== undefined) {
    const [piece = ''] = await engine.decode([next])
    // A special token ends the text.
    if (piece === '') break
    generated.push(next)
    // Decoded together, since a character may span several tokens.
    ;[text = ''] = await engine.decodeAll([generated])
    const ends = stop.map((end) => text.indexOf(end)).filter((at) => at >= 0)
    if (ends.length > 0) {
      text = text.slice(0, Math.min(...ends))
      break
    }
    if (generated.length >= maxTokens) break
    next = greatest(await engine.logits([...prompt, ...generated], patches))
  }
  return { top: likely, text, generated }
}

async function likeliest(
  engine: Pick<Engine, 'decode'>,
  logits: Float32Array,
  count: number,
): Promise<Likely[]> {
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b)
  const chosen = order.slice(0, count)
  const texts = await engine.decode(chosen)
  const highest = logits[chosen[0] ?? 0] ?? 0
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)
  return chosen.map((token, i) => {
    const logit = logits[token] ?? 0
    return { token, text: texts[i] ?? '', logit, probability: Math.exp(logit - highest) / total }
  })
}

/** The argmax; ties go to the lowest id. */
function greatest(logits: Float32Array): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i
  return best
}
