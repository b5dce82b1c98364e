import type { Engine, Patch } from '../engine/engine.js'
import type { Likely } from '../experiments/answer-by-task-vector.js'

/** What a model says after a prompt, with vectors patched in or without. */

export interface Continuation {
  /** The likeliest next tokens, descending; the lowest id first among equals. */
  readonly top: readonly Likely[]
  /** Greedy continuation, where one is asked for; `top[0]` is its first token. */
  readonly text?: string
  readonly generated?: readonly number[]
}

export interface ContinuationOptions {
  readonly top: number
  /** Tokens generated at most; 1: only the next. */
  readonly maxTokens: number
  /** Texts that end the generation; they do not stand in `text`. */
  readonly stop: readonly string[]
}

/** Patches at a position are made once, and later tokens attend to them; those at all positions are made at later ones too. */
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
    // A special token: the end of the text.
    if (piece === '') break
    generated.push(next)
    // All of them: a character may be made of several tokens.
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

/** The lowest id among equals. */
function greatest(logits: Float32Array): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i
  return best
}
