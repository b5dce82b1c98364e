/**
 * Reads Python pickles as torch.save writes them (protocol 2), without Python. A pickle is a program that may call anything;
 * here it can only build the values below and call what its `PickleRules` allow. Every other opcode or global is refused
 * by name.
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

/** Objects built by the rules. */
export type PickleObject = { readonly kind: 'storage' | 'tensor' }

export class PickleList {
  readonly items: PickleValue[] = []
}

export class PickleDict {
  readonly entries = new Map<string | number, PickleValue>()
}

export class PickleGlobal {
  /** @param name the module, a space, and the global's name in it */
  constructor(readonly name: string) {}
}

/** Describes a value for messages, without its contents, which may be cyclic. */
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
  /** Globals allowed in the pickle besides collections.OrderedDict. */
  readonly globals: ReadonlySet<string>
  /** The result of calling a global; null if it does not accept these arguments. */
  readonly call: (global: string, args: PickleTuple) => PickleValue | null
  /** The object behind a persistent id; null if the id is not one of torch's. */
  readonly persistent: (id: PickleValue) => PickleValue | null
}
