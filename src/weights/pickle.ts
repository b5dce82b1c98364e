import { TaskvecError } from '../domain/errors.js'
import type { HeaderReader } from './header-reader.js'
import {
  type PickleValue,
  type PickleTuple,
  PickleList,
  PickleDict,
  PickleGlobal,
  kindOf,
  type PickleRules,
} from './pickle-values.js'

/** The largest models need about ten thousand. Each opcode makes at most one small value, so this also bounds memory. */
const maxOpcodes = 2_000_000

const maxStringBytes = 1_000_000

const orderedDict = 'collections OrderedDict'

/** Refused opcodes and their names in Python's pickletools. */
const refused: Readonly<Record<string, string>> = Object.fromEntries(
  (
    '0 POP|1 POP_MARK|2 DUP|F FLOAT|I INT|L LONG|P PERSID|S STRING|T BINSTRING|U SHORT_BINSTRING|V UNICODE|d DICT|' +
    'g GET|i INST|l LIST|o OBJ|p PUT|B BINBYTES|C SHORT_BINBYTES|\x81 NEWOBJ|\x82 EXT1|\x83 EXT2|\x84 EXT4|\x8b LONG4|' +
    '\x8c SHORT_BINUNICODE|\x8d BINUNICODE8|\x8e BINBYTES8|\x8f EMPTY_SET|\x90 ADDITEMS|\x91 FROZENSET|\x92 NEWOBJ_EX|' +
    '\x93 STACK_GLOBAL|\x94 MEMOIZE|\x95 FRAME|\x96 BYTEARRAY8|\x97 NEXT_BUFFER|\x98 READONLY_BUFFER'
  )
    .split('|')
    .map((entry) => entry.split(' ') as [string, string]),
)

/** Reads one pickle and leaves the reader just past it. Throws WEIGHTS with the offset of anything refused. */
export function unpickle(reader: HeaderReader, rules: PickleRules): PickleValue {
  return new Machine(reader, rules).run()
}

class Machine {
  #stack: PickleValue[] = []
  /** Stack height at each MARK. */
  #marks: number[] = []
  #memo = new Map<number, PickleValue>()
  /** Byte offset of the current opcode. */
  #at = 0

  constructor(
    private readonly reader: HeaderReader,
    private readonly rules: PickleRules,
  ) {}

  run(): PickleValue {
    for (let count = 0; count < maxOpcodes; count++) {
      this.#at = this.reader.position
      const opcode = String.fromCharCode(this.reader.u8())
      if (opcode === '.') return this.#pop()
      this.#step(opcode)
    }
    throw this.#refusal(`more than ${maxOpcodes} opcodes`)
  }

  #step(opcode: string): void {
    const { reader } = this
    switch (opcode) {
      case '\x80': // PROTO
        if (reader.u8() > 2)
          throw this.#refusal(
            'a pickle of a protocol after 2',
            'Save it with torch.save and its default protocol.',
          )
        return
      case 'N': // NONE
        return this.#push(null)
      case '\x88': // NEWTRUE
        return this.#push(true)
      case '\x89': // NEWFALSE
        return this.#push(false)
      case 'J': // BININT
        return this.#push(reader.i32())
      case 'K': // BININT1
        return this.#push(reader.u8())
      case 'M': // BININT2
        return this.#push(reader.u16())
      case '\x8a': // LONG1
        return this.#push(this.#long(reader.u8()))
      case 'G': // BINFLOAT
        return this.#push(reader.take(8).getFloat64(0, false))
      case 'X': // BINUNICODE
        return this.#push(this.#text(reader.u32()))
      case 'c': // GLOBAL
        return this.#push(this.#global())
      case ')': // EMPTY_TUPLE
        return this.#push([])
      case '\x85': // TUPLE1
      case '\x86': // TUPLE2
      case '\x87': // TUPLE3
        return this.#push(this.#take(opcode.charCodeAt(0) - 0x84))
      case '(': // MARK
        this.#marks.push(this.#stack.length)
        return
      case 't': // TUPLE
        return this.#push(this.#takeMarked())
      case ']': // EMPTY_LIST
        return this.#push(new PickleList())
      case 'a': // APPEND
        return this.#append([this.#pop()])
      case 'e': // APPENDS
        return this.#append(this.#takeMarked())
      case '}': // EMPTY_DICT
        return this.#push(new PickleDict())
      case 's': // SETITEM
        return this.#set(this.#take(2))
      case 'u': // SETITEMS
        return this.#set(this.#takeMarked())
      case 'q': // BINPUT
        return this.#remember(reader.u8())
      case 'r': // LONG_BINPUT
        return this.#remember(reader.u32())
      case 'h': // BINGET
        return this.#recall(reader.u8())
      case 'j': // LONG_BINGET
        return this.#recall(reader.u32())
      case 'Q': // BINPERSID
        return this.#persistent(this.#pop())
      case 'R': // REDUCE
        return this.#call(this.#pop(), this.#pop())
      case 'b': // BUILD
        return this.#build(this.#pop())
      default:
        throw this.#refusal(
          refused[opcode] === undefined
            ? `opcode 0x${opcode.charCodeAt(0).toString(16).padStart(2, '0')}, which does not exist,`
            : `opcode ${refused[opcode]}`,
        )
    }
  }

  #push(value: PickleValue): void {
    this.#stack.push(value)
  }

  #top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.reader.malformed('an empty stack', this.#at)
    return this.#stack.at(-1) as PickleValue
  }

  #pop(): PickleValue {
    const value = this.#top()
    this.#stack.pop()
    return value
  }

  #take(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).reverse()
  }

  #takeMarked(): PickleValue[] {
    const mark = this.#marks.pop()
    if (mark === undefined) throw this.reader.malformed('no mark on the stack', this.#at)
    return this.#stack.splice(mark)
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top()
    if (!(list instanceof PickleList)) throw this.#refusal(`an append to ${kindOf(list)}`)
    for (const value of values) list.items.push(value)
  }

  #set(pairs: readonly PickleValue[]): void {
    const dict = this.#top()
    if (!(dict instanceof PickleDict)) throw this.#refusal(`an assignment into ${kindOf(dict)}`)
    for (let i = 0; i < pairs.length; i += 2) {
      const [key, value] = [pairs[i], pairs[i + 1]]
      if (typeof key !== 'string' && typeof key !== 'number')
        throw this.#refusal(`a dict's key that is ${kindOf(key)}`)
      if (value === undefined) throw this.reader.malformed(`no value for the key ${kindOf(key)}`, this.#at)
      dict.entries.set(key, value)
    }
  }

  #remember(index: number): void {
    this.#memo.set(index, this.#top())
  }

  #recall(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) throw this.reader.malformed(`memo ${index}, which was never set,`, this.#at)
    this.#push(value)
  }

  #persistent(id: PickleValue): void {
    const value = this.rules.persistent(id)
    if (value === null) throw this.#refusal(`the persistent id ${kindOf(id)}`)
    this.#push(value)
  }

  #call(args: PickleValue, callee: PickleValue): void {
    if (!(callee instanceof PickleGlobal)) throw this.#refusal(`a call of ${kindOf(callee)}`)
    if (!Array.isArray(args)) throw this.#refusal(`a call of ${kindOf(callee)} with ${kindOf(args)}`)
    const tuple = args as PickleTuple
    const made =
      callee.name === orderedDict && tuple.length === 0
        ? new PickleDict()
        : this.rules.call(callee.name, tuple)
    if (made === null)
      throw this.#refusal(`a call of ${kindOf(callee)} with (${tuple.slice(0, 8).map(kindOf).join(', ')})`)
    this.#push(made)
  }

  /** Ignores the state: a state dict carries its modules' versions as an attribute, which say nothing about tensors. */
  #build(state: PickleValue): void {
    if (!(this.#top() instanceof PickleDict) || !(state instanceof PickleDict))
      throw this.#refusal(`the state of ${kindOf(this.#top())} set to ${kindOf(state)}`)
  }

  #global(): PickleGlobal {
    const name = `${this.reader.line(200)} ${this.reader.line(200)}`
    if (name !== orderedDict && !this.rules.globals.has(name))
      throw this.#refusal(
        `global ${name.replace(' ', '.')}`,
        'A file of weights needs none: this is another kind of file, or one made to run code. Do not open it with torch.load either.',
      )
    return new PickleGlobal(name)
  }

  #text(length: number): string {
    if (length > maxStringBytes) throw this.reader.malformed(`a string of ${length} bytes`, this.#at)
    return this.reader.text(length)
  }

  /** Little-endian two's complement; a number if it is a safe integer, else a bigint. */
  #long(length: number): number | bigint {
    const bytes = this.reader.take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes.getUint8(i))
    value = BigInt.asIntN(8 * length, value)
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  #refusal(what: string, hint = 'Save the state dict alone with torch.save, or the model as safetensors.') {
    return new TaskvecError(
      'WEIGHTS',
      `${this.reader.file.path}: ${what} at byte ${this.#at} is refused: only tensors are read from a pickle, nothing is executed`,
      { hint },
    )
  }
}
