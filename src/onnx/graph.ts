import type { NumericsMode } from '../domain/numerics.js'
import {
  encodeModel,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './model-proto.js'

/** A value of the graph: the name of a node's output, of an input or of a weight. */
export type Value = string & { readonly value: unique symbol }

/** A dimension: a fixed size, or the name of one that is only known at run time. */
export type Dimension = number | string

const elementTypes = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const
export type ElementType = keyof typeof elementTypes

/** Whole numbers become INT, or FLOAT for some attribute names; lists become INTS, texts STRING. */
type Attributes = Readonly<Record<string, number | string | readonly number[] | { readonly float: number }>>

export interface OnnxGraph {
  /** The f32 constants, in the order in which they were added. */
  readonly weights: readonly TensorProto[]
  /** The model with its weights inside. */
  readonly encode: () => Uint8Array
  /**
   * The model with its weights as further inputs `weight_0`, `weight_1`, ..: graphs that differ only in their weights and the
   * names of these give the same bytes.
   */
  readonly encodeTemplate: () => Uint8Array
}

/** The name of weight `index` as an input of a template. */
export function templateWeight(index: number): string {
  return `weight_${index}`
}

/** Builds one ONNX model in memory; nothing is written to disk. */
export class GraphBuilder {
  readonly #nodes: NodeProto[] = []
  readonly #weights: TensorProto[] = []
  readonly #inputs: ValueInfoProto[] = []
  readonly #outputs: ValueInfoProto[] = []
  readonly #derived = new Map<string, Value>()
  /** Values that are outputs: a node writes them under that name, which avoids a copy. */
  readonly #renamed = new Map<string, string>()

  constructor(
    readonly name: string,
    /** How products with weights are computed (architectures/linear.ts). */
    readonly numerics: NumericsMode = 'f32',
  ) {}

  input(name: string, type: ElementType, shape: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, type, shape))
    return name as Value
  }

  /** `value`: the result of a node; may be made an output once. */
  output(name: string, value: Value, type: ElementType, shape: readonly Dimension[]): void {
    this.#renamed.set(value, name)
    this.#outputs.push(valueInfo(name, type, shape))
  }

  /** A constant tensor, row-major. */
  weight(name: string, data: Float32Array, dims: readonly number[]): Value {
    return this.#constant(name, 'float', new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dims)
  }

  /** A constant tensor of quantised values, row-major. */
  quantised(name: string, data: Uint8Array | Int8Array, dims: readonly number[]): Value {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return this.#constant(name, data instanceof Int8Array ? 'int8' : 'uint8', bytes, dims)
  }

  ints(values: readonly number[]): Value {
    const data = BigInt64Array.from(values, BigInt)
    return this.#constant(`ints_${this.#weights.length}`, 'int64', new Uint8Array(data.buffer), [
      values.length,
    ])
  }

  /** One number; a name is given to one value only. */
  constant(name: string, value: number): Value {
    return this.once('constant', name as Value, () => this.weight(name, Float32Array.of(value), []))
  }

  reshape(value: Value, ...dims: readonly number[]): Value {
    return this.node('Reshape', [value, this.ints(dims)])
  }

  /** Entries `first` to `last - 1` along an axis. */
  slice(value: Value, first: number, last: number, axis: number): Value {
    return this.node('Slice', [value, ...[first, last, axis].map((bound) => this.ints([bound]))])
  }

  /** Adds a node with one output; `com.microsoft` operators are onnxruntime's own. */
  node(opType: string, input: readonly Value[], attributes: Attributes = {}, domain = ''): Value {
    const name = `${opType}_${this.#nodes.length}`
    return this.#add(name, [name], opType, input, attributes, domain)[0] as Value
  }

  /** Adds a node with several outputs. */
  nodes(opType: string, input: readonly Value[], outputs: number, attributes: Attributes = {}): Value[] {
    const name = `${opType}_${this.#nodes.length}`
    const names = Array.from({ length: outputs }, (_, i) => `${name}_${i}`)
    return this.#add(name, names, opType, input, attributes, '')
  }

  #add(
    name: string,
    output: string[],
    opType: string,
    input: readonly Value[],
    attributes: Attributes,
    domain: string,
  ): Value[] {
    const attribute = Object.entries(attributes).map(([key, value]) => toAttribute(key, value))
    this.#nodes.push({ input, output, name, opType, domain, attribute })
    return output as Value[]
  }

  /** The result of `make` for `value`, computed once: several products may take the same quantised input. */
  once(what: string, value: Value, make: () => Value): Value {
    const key = `${what} ${value}`
    const made = this.#derived.get(key) ?? make()
    this.#derived.set(key, made)
    return made
  }

  build(): OnnxGraph {
    const weights = this.#weights.filter(({ dataType }) => dataType === elementTypes.float)
    const encode = (
      name: string,
      initializer: TensorProto[],
      input: ValueInfoProto[],
      weightNames: ReadonlyMap<string, string> = new Map(),
    ) => {
      const named = (value: string) => this.#renamed.get(value) ?? weightNames.get(value) ?? value
      const node = this.#nodes.map((each) => ({
        ...each,
        input: each.input.map(named),
        output: each.output.map(named),
      }))
      return encodeModel({
        irVersion: 10,
        producerName: 'taskvec',
        // Opset 23 is the first with RMSNormalization.
        opsetImport: [
          { domain: '', version: 23 },
          { domain: 'com.microsoft', version: 1 },
        ],
        graph: { name, node, initializer, input, output: this.#outputs },
      })
    }
    return {
      weights,
      encode: () => encode(this.name, this.#weights, this.#inputs),
      encodeTemplate: () => {
        const inputs = weights.map(({ dims }, i) => valueInfo(templateWeight(i), 'float', dims))
        const names = new Map(weights.map(({ name }, i) => [name, templateWeight(i)]))
        const constants = this.#weights.filter(({ dataType }) => dataType !== elementTypes.float)
        return encode('template', constants, [...this.#inputs, ...inputs], names)
      },
    }
  }

  #constant(name: string, type: ElementType, rawData: Uint8Array, dims: readonly number[]): Value {
    this.#weights.push({ name, dims, dataType: elementTypes[type], rawData })
    return name as Value
  }
}

function toAttribute(name: string, value: Attributes[string]): AttributeProto {
  if (typeof value === 'number') return { name, type: 2, i: value }
  if (typeof value === 'string') return { name, type: 3, s: value }
  return 'float' in value ? { name, type: 1, f: value.float } : { name, type: 7, ints: value }
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } }
}
