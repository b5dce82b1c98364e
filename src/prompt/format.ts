import type { Demonstration, Item, PromptFormat } from '../domain/types.js'

/** The paper's prompt format (docs/protocol.md, Prompt). */
export const arrow: PromptFormat = {
  demonstration: 'example:{x}->{y}',
  query: 'example:{x}->',
  separator: '\n',
  prefix: '',
  suffix: '',
}

/** Where a stretch of a prompt comes from: the format, the demonstrations or the query. `end` follows the query. */
export type PromptPart = 'format' | 'inputs' | 'arrows' | 'outputs' | 'query' | 'end'

export interface Stretch {
  readonly part: PromptPart
  readonly text: string
}

/**
 * The whole prompt: [S, x, ->], or [x, ->] without demonstrations. Spaces inside inputs and outputs are kept; nothing
 * follows the suffix. The tokenizer adds the BOS token unless `bos` is false.
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

/** The same prompt as stretches, in order. */
export function stretchesOf(
  demonstrations: readonly Demonstration[],
  query: string,
  { demonstration, query: last, separator, prefix, suffix }: PromptFormat = arrow,
): Stretch[] {
  const format = (text: string): Stretch => ({ part: 'format', text })
  // Split rather than replaced: an input may hold `{y}` or `$&`.
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

/** The text between the query's end and the answer in a demonstration, '' or white space: every answer begins with it. */
export function answerGap({ demonstration, query, suffix }: PromptFormat = arrow): string {
  const before = demonstration.slice(0, demonstration.indexOf('{y}'))
  const end = query + suffix
  return before.startsWith(end) ? before.slice(end.length) : ''
}

/** [x, ->] followed by the answer. */
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

/** Whether words need no leading space: outputs already follow white space, or are chat messages. */
export function writesSpace({ demonstration, bos }: PromptFormat = arrow): boolean {
  return bos === false || /\s$/.test(demonstration.slice(0, demonstration.indexOf('{y}')))
}

/** The options of an engine's `encode` for such a prompt. */
export function specialOf(prompt: PromptFormat | undefined): { special: boolean } {
  return { special: prompt?.bos !== false }
}
