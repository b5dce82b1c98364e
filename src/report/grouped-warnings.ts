import { groupBy } from '../figures/paper-rules.js'

export interface Warning {
  /** Several, with commas between them, where they have it in common. */
  readonly model: string
  readonly warning: string
}

/** Each warning once: seven models that share a tokenizer share its warnings. */
export function groupedWarnings(warnings: readonly Warning[]): Warning[] {
  return groupBy(warnings, ({ warning }) => warning).map(([warning, of]) => ({
    model: of.map(({ model }) => model).join(', '),
    warning,
  }))
}
