import { TaskvecError } from '../domain/errors.js'
import type { Checkpoint } from './checkpoint.js'

/** How a checkpoint's tensors differ from those an architecture expects. */
export interface TensorDifferences {
  readonly missing: readonly string[]
  readonly misshapen: readonly Misshapen[]
  /** Stored in an unsupported type or layout. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[]
  /** Not read by the architecture. */
  readonly extra: readonly string[]
}

interface Misshapen {
  readonly name: string
  readonly expected: readonly number[]
  readonly found: readonly number[]
}

/** Tables that older checkpoints store with the weights; we compute them from the config. */
const derived = /\.(rotary_emb\.inv_freq|(attn|attention)\.(bias|masked_bias))$/

/** Compares names and shapes with `expected`, the architecture's `expectedTensors`. */
export function compareTensors(
  { tensors, unread }: Pick<Checkpoint, 'tensors' | 'unread'>,
  expected: ReadonlyMap<string, readonly number[]>,
): TensorDifferences {
  const missing: string[] = []
  const misshapen: Misshapen[] = []
  const unreadable: { name: string; reason: string }[] = []
  for (const [name, shape] of expected) {
    const found = tensors.get(name)?.shape
    const reason = unread.get(name)
    if (reason !== undefined) unreadable.push({ name, reason })
    else if (!found) missing.push(name)
    else if (found.join() !== shape.join()) misshapen.push({ name, expected: shape, found })
  }
  const extra = [...tensors.keys(), ...unread.keys()].filter(
    (name) => !expected.has(name) && !derived.test(name),
  )
  return { missing, misshapen, unreadable, extra }
}

/** One line per difference. */
export function describeDifferences({ missing, misshapen, unreadable, extra }: TensorDifferences): string[] {
  return [
    ...missing.map((name) => `missing    ${name}`),
    ...misshapen.map(
      ({ name, expected, found }) =>
        `misshapen  ${name}: [${found.join(', ')}], expected [${expected.join(', ')}]`,
    ),
    ...unreadable.map(({ name, reason }) => `unreadable ${name}: ${reason}`),
    ...extra.map((name) => `not used   ${name}`),
  ]
}

/** Throws WEIGHTS if a tensor that the architecture reads is missing, misshapen or unreadable; lists up to 20 differences. */
export function refuseUnfit(checkpoint: Checkpoint, expected: ReadonlyMap<string, readonly number[]>): void {
  const differences = compareTensors(checkpoint, expected)
  const { missing, misshapen, unreadable } = differences
  if (missing.length + misshapen.length + unreadable.length === 0) return
  const lines = describeDifferences(differences)
  const shown = lines.slice(0, linesShown)
  if (lines.length > linesShown) shown.push(`and ${lines.length - linesShown} more`)
  throw new TaskvecError(
    'WEIGHTS',
    `${checkpoint.path}: tensors do not fit the config:\n  ${shown.join('\n  ')}`,
    { hint: `taskvec models check ${checkpoint.path} lists them all.` },
  )
}

const linesShown = 20
