import type { DecoderSpec } from '../architectures/decoder.js'
import { TaskvecError } from '../domain/errors.js'
import { chunkBounds } from '../domain/item-parts.js'
import type { EvaluatePart, EvaluateRequest, Generate } from './engine.js'
import { stateBytes, type Plan } from './planner.js'
import { itemsPerChunk } from './model-info.js'

/** Chunk boundaries of these items, from the first to the last. Errors: TASK unless a part consists of whole chunks. */
export function partBounds(items: number, part: EvaluatePart | undefined): number[] {
  if (!part) return chunkBounds(items, itemsPerChunk)
  const end = part.first + items
  const bounds = chunkBounds(part.of, itemsPerChunk).filter((bound) => bound >= part.first && bound <= end)
  if (bounds[0] === part.first && bounds.at(-1) === end) return bounds.map((bound) => bound - part.first)
  throw new TaskvecError(
    'TASK',
    `items ${part.first} to ${end} of ${part.of} do not begin and end at chunk boundaries`,
  )
}

/** Share of the time spent after some passes: a first pass, then steps that each take a small part of its time. */
export function shareDone(passes: number, generate: Generate | undefined): number {
  const time = (count: number) => Math.min(count, 1) + 0.2 * Math.max(count - 1, 0)
  return time(passes) / time(generate?.maxTokens ?? 1)
}

/** As planned; fewer if the states that later tokens attend to take memory besides those of the current block. */
export function itemsPerPass(
  { itemsPerPass }: Plan,
  { blocks, dModel }: DecoderSpec,
  { generate, items, layers }: EvaluateRequest,
): number {
  if (!generate) return itemsPerPass
  const tokens = items.map(({ plainPrompts, patchedPrompt, answerTokens = [] }) => {
    const prompts = [...plainPrompts, patchedPrompt ?? []].reduce((sum, { length }) => sum + length, 0)
    const longest = generate.maxTokens + answerTokens.length
    return prompts + (plainPrompts.length + layers.length) * longest
  })
  const kept = 4 * dModel * blocks * Math.max(0, ...tokens)
  const ofOne = stateBytes(blocks, dModel)
  return (itemsPerPass * ofOne) / (ofOne + kept)
}
