/**
 * Python's pickle as torch.save writes it (protocol 2), read without Python. A pickle is a program that may call
 * anything; here it can only make the values below, and calls what its `PickleRules` allow. Every other opcode and every
 * other global is refused by name.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | PickleObject

export type PickleTuple = readonly PickleValue[]

/** What the rules make. */
export type PickleObject = { readonly kind: 'storage' | 'tensor' }

export class PickleList {
  readonly items: PickleValue[] = []
}

export class PickleDict {
  readonly entries = new Map<string | number, PickleValue>()
}

export class PickleGlobal {
  /** @param name module, a space, and the name in it */
  constructor(readonly name: string) {}
}

/** What a value is, for messages: never its contents, which may refer to themselves. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'None'
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  if (typeof value === 'object') {
    if (value instanceof PickleGlobal) return value.name.replace(' ', '.')
    if (value instanceof PickleList) return 'a list'
    if (value instanceof PickleDict) return 'a dict'
    return 'kind' in value ? `a ${value.kind}` : `a tuple of ${value.length}`
  }
  return String(value).slice(0, 80)
}

export interface PickleRules {
  /** Globals that may stand in the pickle, beside collections.OrderedDict. */
  readonly globals: ReadonlySet<string>
  /** What a call of a global makes; null where it cannot be called with these arguments. */
  readonly call: (global: string, args: PickleTuple) => PickleValue | null
  /** What a persistent id stands for; null where it is none of torch's. */
  readonly persistent: (id: PickleValue) => PickleValue | null
}
