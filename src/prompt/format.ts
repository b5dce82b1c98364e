import type { Demonstration, Item, PromptFormat } from '../domain/types.js'

/** The paper's (docs/protocol.md, Prompt). */
export const arrow: PromptFormat = {
  demonstration: 'example:{x}->{y}',
  query: 'example:{x}->',
  separator: '\n',
  prefix: '',
  suffix: '',
}

/** What a stretch of a prompt is: words of the format, of the demonstrations, or of the query; `end` is what follows the query. */
export type PromptPart = 'format' | 'inputs' | 'arrows' | 'outputs' | 'query' | 'end'

export interface Stretch {
  readonly part: PromptPart
  readonly text: string
}

/**
 * The whole prompt: [S, x, ->], or [x, ->] without demonstrations. Spaces inside inputs and outputs are kept; nothing
 * follows the suffix. The BOS is the tokenizer's to add, where the format leaves it to it.
 */
export function formatPrompt(
  demonstrations: readonly Demonstration[],
  query: string,
  format?: PromptFormat,
): string {
  return stretchesOf(demonstrations, query, format)
    .map(({ text }) => text)
    .join('')
}

/** The same prompt, piece by piece. */
export function stretchesOf(
  demonstrations: readonly Demonstration[],
  query: string,
  { demonstration, query: last, separator, prefix, suffix }: PromptFormat = arrow,
): Stretch[] {
  const format = (text: string): Stretch => ({ part: 'format', text })
  // At once, and not by a pattern: an input may hold `{y}` or `$&`.
  const pieces = demonstration.split(/(\{[xy]\})/)
  const around = last.split(/(\{[xy]\})/)
  return [
    format(prefix),
    ...demonstrations.flatMap(({ input, output }) => [
      ...pieces.map((piece, i): Stretch => {
        if (i % 2 === 1)
          return piece === '{x}' ? { part: 'inputs', text: input } : { part: 'outputs', text: output }
        return { part: i === 0 || i === pieces.length - 1 ? 'format' : 'arrows', text: piece }
      }),
      format(separator),
    ]),
    ...around.map((piece, i): Stretch => {
      if (i % 2 === 1) return { part: 'query', text: piece === '{x}' ? query : '' }
      return { part: i === 0 ? 'format' : 'end', text: piece }
    }),
    { part: 'end', text: suffix },
  ]
}

/** What stands between the query's end and the answer in a demonstration: the answer begins with it. '' or white space. */
export function answerGap({ demonstration, query, suffix }: PromptFormat = arrow): string {
  const before = demonstration.slice(0, demonstration.indexOf('{y}'))
  const end = query + suffix
  return before.startsWith(end) ? before.slice(end.length) : ''
}

/** [x, ->] with its answer. */
export function answeredPrompt({ query, prompt }: Pick<Item, 'query' | 'prompt'>, answer: string): string {
  return formatPrompt([], query, prompt) + answerGap(prompt) + answer
}

/** The format's own words around the query: before x, and from it to where the answer begins. */
export function aroundQuery({ query, prefix, suffix }: PromptFormat = arrow): {
  readonly before: string
  readonly after: string
} {
  const at = query.indexOf('{x}')
  return { before: prefix + query.slice(0, at), after: query.slice(at + '{x}'.length) + suffix }
}

/** Whether words are put in without a space of their own: outputs follow white space already, or are messages of a chat. */
export function writesSpace({ demonstration, bos }: PromptFormat = arrow): boolean {
  return bos === false || /\s$/.test(demonstration.slice(0, demonstration.indexOf('{y}')))
}

/** As options of an engine's `encode`. */
export function specialOf(prompt: PromptFormat | undefined): { special: boolean } {
  return { special: prompt?.bos !== false }
}
