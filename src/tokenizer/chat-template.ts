import { Template } from '@huggingface/jinja'
import { TaskvecError } from '../domain/errors.js'
import type { PromptFormat } from '../domain/types.js'

/** A chat template as a prompt format: what the template writes around the messages (docs/protocol.md, Prompt). */

export interface ChatTemplate {
  /** Jinja, as tokenizer_config.json, chat_template.jinja or a GGUF has it. */
  readonly template: string
  /** Texts of the special tokens that templates refer to: `bos_token`, `eos_token`. */
  readonly tokens: Readonly<Record<string, string>>
}

/** Characters; the longest are some 20,000. */
export const mostTemplate = 200_000

interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** A fixed date for templates that insert today's, so that prompts do not change from day to day. */
const date = '26 Jul 2024'

/** A placeholder that no template contains, one per place. */
const word = (place: string) => `taskvec${place}`

/**
 * The prompt format that the template gives for demonstrations (user: x, assistant: y) and a query (user: x): it is rendered with
 * placeholders and split at them. Changes to the messages themselves, such as stripped spaces, do not matter, since inputs and outputs
 * have none. Errors: TASK if it cannot be rendered, or does not write all messages in the same frame.
 */
export function chatFormat(path: string, { template, tokens }: ChatTemplate, system?: string): PromptFormat {
  const render = renderer(path, template, tokens)
  const messages = (pairs: number): Message[] => [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    ...Array.from({ length: pairs }, (_, i) => [
      { role: 'user' as const, content: word(`x${i}x`) },
      { role: 'assistant' as const, content: word(`y${i}y`) },
    ]).flat(),
    { role: 'user', content: word('query') },
  ]
  const pieces = cutAt(render(messages(2)), ['x0x', 'y0y', 'x1x', 'y1y', 'query'].map(word))
  const [prefix, middle, between, middle1, last, tail] = pieces ?? []
  if (
    prefix === undefined ||
    middle === undefined ||
    between === undefined ||
    tail === undefined ||
    middle !== middle1 ||
    between !== last ||
    /\{[xy]\}/.test(middle + tail)
  )
    throw irregular(path)
  const format: PromptFormat = {
    demonstration: `{x}${middle}{y}`,
    query: `{x}${tail}`,
    separator: between,
    ...{ prefix, suffix: '', bos: false },
  }
  // Without demonstrations, and with more of them, the frame is the same.
  if (render(messages(0)) !== prefix + word('query') + tail) throw irregular(path)
  const three = [0, 1, 2].map((i) => word(`x${i}x`) + middle + word(`y${i}y`) + between).join('')
  if (render(messages(3)) !== prefix + three + word('query') + tail) throw irregular(path)
  return format
}

function renderer(
  path: string,
  template: string,
  tokens: ChatTemplate['tokens'],
): (messages: readonly Message[]) => string {
  const failure = (cause: unknown) =>
    new TaskvecError('TASK', `${path}: its chat template cannot be rendered: ${(cause as Error).message}`, {
      hint: 'Some templates take no system message. Otherwise, write the prompt as a template of your own: docs/settings.md.',
      cause,
    })
  let parsed: Template
  try {
    // The library's own `strftime_now` cannot be replaced.
    parsed = new Template(template.replaceAll('strftime_now', 'fixed_date'))
  } catch (cause) {
    throw failure(cause)
  }
  return (messages) => {
    try {
      return parsed.render({
        ...tokens,
        messages,
        add_generation_prompt: true,
        enable_thinking: false,
        date_string: date,
        fixed_date: () => date,
      })
    } catch (cause) {
      throw failure(cause)
    }
  }
}

/** The text before, between and after the placeholders; null unless each occurs once, in this order. */
function cutAt(text: string, words: readonly string[]): string[] | null {
  const pieces: string[] = []
  let rest = text
  for (const each of words) {
    const parts = rest.split(each)
    if (parts.length !== 2) return null
    pieces.push(parts[0] as string)
    rest = parts[1] as string
  }
  return [...pieces, rest]
}

function irregular(path: string): TaskvecError {
  return new TaskvecError(
    'TASK',
    `${path}: its chat template does not write every message in the same frame`,
    { hint: 'Write the prompt as a template of your own: docs/settings.md.' },
  )
}
