import type { Item } from '../domain/types.js'
import { answeredPrompt, formatPrompt, specialOf } from '../prompt/format.js'
import type { Encode } from './single-token.js'

/** The boundary between prompt and answer: tokens may span it (docs/protocol.md, Prompt). */

/** How many answers change the prompt's tokens when they follow it. */
export async function mergingAnswers(
  encoder: { readonly encode: Encode },
  items: readonly Pick<Item, 'query' | 'answer' | 'prompt'>[],
): Promise<number> {
  const special = specialOf(items[0]?.prompt)
  const bare = await encoder.encode(
    items.map(({ query, prompt }) => formatPrompt([], query, prompt)),
    special,
  )
  const answered = await encoder.encode(
    items.map((item) => answeredPrompt(item, item.answer)),
    special,
  )
  return bare.filter((prompt, i) => !prompt.every((token, at) => answered[i]?.[at] === token)).length
}

export function boundaryWarning(task: string, merging: number, of: number): string {
  return (
    `${task}: ${merging} of ${of} answers run into the prompt's last token in this model's tokenizer, which a model never ` +
    'sees when it answers: their first token is taken from the answer alone. A query that ends before a space (Q: {x}\\nA:) avoids this'
  )
}
