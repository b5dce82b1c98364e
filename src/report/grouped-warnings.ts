import { groupBy } from '../figures/paper-rules.js'

export interface Warning {
  /** The models that share the warning: comma-separated, or the first and the number of others. */
  readonly model: string
  readonly warning: string
}

const mostNamed = 3

/** Each warning once: seven models that share a tokenizer share its warnings. */
export function groupedWarnings(warnings: readonly Warning[]): Warning[] {
  return groupBy(warnings, ({ warning }) => warning).map(([warning, of]) => ({
    model:
      of.length > mostNamed
        ? `${of[0]?.model ?? ''} and ${of.length - 1} others`
        : of.map(({ model }) => model).join(', '),
    warning,
  }))
}
