import type { TokenizerFiles } from './tokenizer-files.js'

/** Special tokens that a tokenizer adds around a text. */
export interface SpecialTokens {
  /** Number of tokens added after the text. They are left out, since θ is read at the prompt's last token (docs/model-files.md). */
  readonly behind: number
  readonly warnings: readonly string[]
}

/**
 * The tokens that the post-processor actually adds, with warnings if tokenizer_config.json contradicts it. tokenizer.json decides, as in
 * the tokenizers library: transformers 4 and 5 differ in when `add_bos_token` overrides it.
 */
export function specialTokens(
  path: string,
  { tokenizer, config }: TokenizerFiles,
  encode: (text: string, special: boolean) => readonly (number | undefined)[],
): SpecialTokens {
  const { before, behind } = around(encode)
  const bos = textOf(config['bos_token'])
  const addsBos = before.length > 0
  const bosWarnings =
    config['add_bos_token'] === true && !addsBos
      ? [
          bos === undefined
            ? `${path}: tokenizer_config.json has add_bos_token: true, but no bos_token; none is added`
            : `${path}: tokenizer_config.json has add_bos_token: true, but tokenizer.json's post_processor adds none: prompts begin ` +
              `without ${bos}. ${howTo(bos)}`,
        ]
      : config['add_bos_token'] === false && addsBos
        ? [
            `${path}: tokenizer_config.json has add_bos_token: false, but tokenizer.json's post_processor adds a token before a ` +
              'text: prompts begin with it. Remove it from post_processor to have none',
          ]
        : []
  const names = behind.map((id) => nameOf(tokenizer, id))
  return {
    behind: behind.length,
    warnings: [
      ...bosWarnings,
      ...(behind.length > 0
        ? [
            `${path}: tokenizer.json's post_processor adds ${names.join(' ')} behind a text; left out, as θ is read at the prompt's last token`,
          ]
        : config['add_eos_token'] === true
          ? [
              `${path}: tokenizer_config.json has add_eos_token: true; no token is added behind a prompt, as θ is read at its last token`,
            ]
          : []),
    ],
  }
}

function howTo(bos: string): string {
  return `To have it, save tokenizer.json with a TemplateProcessing post_processor that begins with ${bos}`
}

/** A text whose tokens are located among the added ones. */
const probe = 'a'

function around(encode: (text: string, special: boolean) => readonly (number | undefined)[]): {
  before: readonly (number | undefined)[]
  behind: readonly (number | undefined)[]
} {
  const bare = encode(probe, false)
  const full = encode(probe, true)
  for (let before = 0; before + bare.length <= full.length; before++)
    if (bare.every((id, i) => full[before + i] === id))
      return { before: full.slice(0, before), behind: full.slice(before + bare.length) }
  return { before: [], behind: [] }
}

/** The text of a special token, which tokenizer_config.json has as a string or an object. */
function textOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token
  const content = (token as { content?: unknown } | null | undefined)?.content
  return typeof content === 'string' ? content : undefined
}

function nameOf(tokenizer: Readonly<Record<string, unknown>>, id: number | undefined): string {
  const added = tokenizer['added_tokens'] as { id?: unknown; content?: unknown }[] | undefined
  const found = Array.isArray(added) ? added.find((token) => token.id === id)?.content : undefined
  return typeof found === 'string' ? found : `token ${id ?? '?'}`
}
