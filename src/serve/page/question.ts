/** The text typed into the playground, and the question it makes for the server (docs/api.md). */

export const ownPairs = 'pairs of my own'
export const ownPrompt = 'one of my own'

export interface Form {
  readonly model: string
  /** A task, or `ownPairs`. */
  readonly task: string
  /** `x -> y`, one a line. */
  readonly pairs: string
  readonly query: string
  /** A prompt's name, or `ownPrompt` with the three after it. */
  readonly prompt: string
  readonly demonstration: string
  readonly last: string
  readonly separator: string
  readonly k: string
  /** '': every layer. */
  readonly layer: string
  readonly seed: string
  /** Of the library, in place of θ; '': θ. */
  readonly vector: string
  readonly scale: string
}

export const empty: Form = {
  ...{ model: '', task: '', pairs: '', query: '', prompt: '' },
  ...{ demonstration: 'Q: {x}\nA: {y}', last: 'Q: {x}\nA:', separator: '\n\n' },
  ...{ k: '', layer: '', seed: '41', vector: '', scale: '1' },
}

/** Throws if a line is not a pair. */
export function questionOf(form: Form, sweep: string | null): object {
  const { model, task, query, prompt, k, layer, seed, vector, scale } = form
  const template =
    prompt === ownPrompt
      ? { demonstration: form.demonstration, query: form.last, separator: form.separator }
      : prompt
  const at = layer === '' ? {} : { layer: Number(layer) }
  return {
    ...(sweep === null ? {} : { sweep }),
    ...{ model, query, template, top: 5 },
    ...(vector === ''
      ? {
          ...(task === ownPairs ? { list: pairsOf(form.pairs) } : { task }),
          ...{ demonstrations: Number(k), seed: Number(seed), ...at },
        }
      : { vectors: [{ vector, scale: Number(scale), ...at }] }),
  }
}

function pairsOf(text: string): (readonly [string, string])[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const parts = line.split(/->|→|\t/)
    const [x = '', y = ''] = parts.map((part) => part.trim())
    if (parts.length === 2 && x !== '' && y !== '') return [x, y]
    throw new Error(`"${line}" is not a pair; write one per line: x -> y`)
  })
}

/** The changed fields of a form as one text for the address, and back. */
export function formText(form: Form): string {
  const changed = Object.entries(form).filter(([key, value]) => value !== empty[key as keyof Form])
  return JSON.stringify(Object.fromEntries(changed))
}

export function formOf(text: string | undefined): Form {
  try {
    const given = Object.entries(JSON.parse(text ?? '{}') as Record<string, unknown>)
    const known = given.filter(([key, value]) => key in empty && typeof value === 'string')
    return { ...empty, ...(Object.fromEntries(known) as Partial<Form>) }
  } catch {
    return empty
  }
}
