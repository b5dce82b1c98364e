import type { Item } from '../../domain/types.js'
import type { Engine } from '../../engine/engine.js'
import { formatPrompt, specialOf, stretchesOf, type PromptPart, type Stretch } from '../../prompt/format.js'

/**
 * What the last token may attend to. Except for `induction`, each token is in one group: `first`, the prompt's first token, whatever it is,
 * where idle heads attend; else by the part of the prompt it belongs to. `induction`: the tokens that follow an
 * earlier token equal to the last one, which induction heads read (Olsson et al. 2022, arXiv 2209.11895).
 */
export const groups = [
  ...['first', 'format', 'inputs', 'arrows', 'outputs', 'query', 'end'],
  'induction',
] as const satisfies readonly (PromptPart | 'first' | 'induction')[]
export type Group = (typeof groups)[number]

export interface GroupedPrompt {
  readonly prompt: readonly number[]
  /** Places of each group's tokens, in the order of `groups`. */
  readonly groups: readonly (readonly number[])[]
}

/**
 * Prompts [S, x, ->] as token ids, each token in its groups. Boundaries between parts are found by tokenizing the prompt up to them, which
 * works for every tokenizer and for special tokens; a token shared by two parts belongs to the later one.
 */
export async function groupedPrompts(
  engine: Pick<Engine, 'encode'>,
  items: readonly Item[],
): Promise<GroupedPrompt[]> {
  const prompts = items.map(({ demonstrations, query, prompt }) => {
    const stretches = merged(stretchesOf(demonstrations, query, prompt))
    const ends = stretches.map((_, i) =>
      stretches
        .slice(0, i)
        .map(({ text }) => text)
        .join(''),
    )
    return { stretches, texts: [formatPrompt(demonstrations, query, prompt), ...ends] }
  })
  const encoded = await engine.encode(
    prompts.flatMap(({ texts }) => texts),
    specialOf(items[0]?.prompt),
  )
  let next = 0
  return prompts.map(({ stretches, texts }) => {
    const [prompt = [], ...upTo] = encoded.slice(next, (next += texts.length))
    const partOf: (Group | undefined)[] = prompt.map(() => undefined)
    stretches.forEach(({ part }, i) => partOf.fill(part, sharedStart(prompt, upTo[i] ?? [])))
    partOf[0] = 'first'
    const last = prompt.at(-1)
    const places = [...prompt.keys()]
    return {
      prompt,
      groups: groups.map((group) =>
        group === 'induction'
          ? places.filter((place) => place > 0 && prompt[place - 1] === last)
          : places.filter((place) => partOf[place] === group),
      ),
    }
  })
}

/** Joins adjacent stretches of the same part. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const all: { part: PromptPart; text: string }[] = []
  for (const { part, text } of stretches) {
    const last = all.at(-1)
    if (text === '') continue
    if (last?.part === part) last.text += text
    else all.push({ part, text })
  }
  return all
}

/** The length of the common prefix of two sequences. */
function sharedStart(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((token, i) => token !== b[i])
  return first < 0 ? a.length : first
}
