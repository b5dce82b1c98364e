import type { ChatTemplate } from './chat-template.js'

/** tokenizer.json and tokenizer_config.json, parsed. */
export interface TokenizerFiles {
  readonly tokenizer: Record<string, unknown>
  readonly config: Record<string, unknown>
  readonly chat?: ChatTemplate
}
