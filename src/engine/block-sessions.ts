import { Tensor } from 'onnxruntime-node'
import {
  addedTable,
  attentionRaw,
  editOfRow,
  innerComponents,
  pattern,
  patternOf,
  scaleTable,
  type InnerComponent,
} from '../architectures/components.js'
import { type DecoderSpec, type LayerSpec, type Rotary, type TensorRef } from '../architectures/decoder.js'
import { expectedTensors, keyValueWidths, readsPositions } from '../architectures/decoder-sizes.js'
import { readTensor } from '../architectures/linear.js'
import { embedToken } from '../architectures/embed.js'
import type { EngineMode } from '../domain/numerics.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { refuseUnfit } from '../weights/compare-tensors.js'
import type { AttentionLayout } from './attention-layout.js'
import { fedBlocks, packedBlocks, type BlockWeights } from './block-weights.js'
import { HeadSessions, StreamedHead, type Head } from './head-sessions.js'
import type { Execution } from './planner.js'

export interface BlockInput {
  /** `[R, d_model]` */
  readonly residPre: Float32Array
  /** Positions of the R rows. */
  readonly positions: readonly number[]
  /** The Q rows, of R, that are computed to the end. */
  readonly rows: readonly number[]
  readonly layout: AttentionLayout
  /** Of C rows that are looked at and are not among the R; absent: none. */
  readonly cached?: KeysAndValues | undefined
}

/** As attention takes them: normed, clipped and rotated. `[rows, width]` each (`keyValueWidths`). */
export interface KeysAndValues {
  readonly keys: Float32Array
  readonly values: Float32Array
}

const none: KeysAndValues = { keys: new Float32Array(), values: new Float32Array() }

/** Edits of the Q rows' components: each row takes one of the tables' V rows (architectures/components.ts). */
export interface BlockEdits {
  /** `[Q]` */
  readonly editOfRow: readonly number[]
  /** `[V, width]` each. */
  readonly tables: Readonly<
    Record<
      InnerComponent,
      { readonly scale: Float32Array; readonly added: Float32Array; readonly width: number }
    >
  >
}

export interface TappedInput {
  readonly edits: BlockEdits
  /** Query slots whose attention weights come out, one of an item at most. */
  readonly patternSlots: readonly number[]
  /** Takes the residual stream after the block, `[Q, d_model]`. */
  readonly out: Float32Array
}

/** What a tapped block gives, `[Q, width]` each, after the edits. */
export interface TappedRows extends Readonly<Record<InnerComponent, Float32Array>> {
  /** What attention gives before its norm, where it is normed before it is added. */
  readonly attentionRaw: Float32Array | null
  /** Attention weights of the asked-for query slots, `[I, heads, Sk]`; zeros for items without one. */
  readonly pattern: Float32Array
}

/** A model as its blocks and its head, each an onnxruntime graph: capture and patch are array work between them. */
export class BlockSessions {
  /** Tables of cosines and sines by position, one for each kind of rotation. */
  readonly #rotary = new Map<Rotary, RotaryTable>()
  #tapped: Promise<BlockWeights> | undefined

  private constructor(
    readonly decoder: DecoderSpec,
    private readonly checkpoint: Checkpoint,
    private readonly blocks: BlockWeights,
    readonly head: Head,
    private readonly loadTapped: () => Promise<BlockWeights>,
    private readonly embeddings = new Map<number, Float32Array>(),
  ) {}

  /**
   * Builds each graph over the checkpoint's tensors, in the mode's numerics. What is held, and when it is read, is the
   * plan's. Throws MODEL, WEIGHTS.
   */
  static async load(
    checkpoint: Checkpoint,
    decoder: DecoderSpec,
    execution: Execution = 'packed',
    mode: EngineMode = {},
  ): Promise<BlockSessions> {
    refuseUnfit(checkpoint, expectedTensors(decoder))
    const { numerics = 'f32', device } = mode
    // Quantised weights are constants of their graphs, streamed or not: onnxruntime repacks them.
    const blocks =
      execution === 'packed' || (numerics !== 'f32' && execution === 'streamed')
        ? await packedBlocks(checkpoint, decoder, execution, mode)
        : await fedBlocks(checkpoint, decoder, execution, mode)
    const load = () => HeadSessions.load(checkpoint, decoder, device)
    const head = execution === 'streamed' ? new StreamedHead(load) : await load()
    // Seldom needed, and beside the others: one block at a time.
    const loadTapped = () =>
      execution === 'packed' || numerics !== 'f32'
        ? packedBlocks(checkpoint, decoder, 'streamed', mode, true)
        : fedBlocks(checkpoint, decoder, 'streamed', mode, true)
    return new BlockSessions(decoder, checkpoint, blocks, head, loadTapped)
  }

  /** Makes a block's weights ready and starts to read the next one's; needed before a streamed block runs. */
  async enterBlock(layer: number): Promise<void> {
    await this.blocks.enter(layer)
  }

  /** Lets go of what a streamed pass holds: the blocks before the head is needed, the head after it. */
  async leaveBlocks(): Promise<void> {
    await this.blocks.leave()
  }

  /** `resid_pre` of block 0, `[tokens, d_model]`. Throws MODEL on a token id out of range. */
  embed(tokens: readonly number[], positions: readonly number[]): Float32Array {
    const { dModel } = this.decoder
    const out = new Float32Array(tokens.length * dModel)
    tokens.forEach((token, i) => {
      const key = token * this.decoder.maxPositions + (positions[i] as number)
      let row = this.embeddings.get(key)
      if (!row) {
        row = embedToken(this.checkpoint, this.decoder, token, positions[i] as number)
        this.embeddings.set(key, row)
      }
      out.set(row, i * dModel)
    })
    return out
  }

  /**
   * Writes `resid_post` of block `layer` into `out`, `[Q, d_model]`: fresh memory for each run would cost; the R rows'
   * keys and values into `made`, where they are asked for.
   */
  async runBlock(layer: number, input: BlockInput, out: Float32Array, made?: KeysAndValues): Promise<void> {
    await this.blocks.run(layer, this.#feeds(layer, input), {
      resid_post: new Tensor('float32', out, [input.rows.length, this.decoder.dModel]),
      ...(made && this.#keysAndValues(layer, made)),
    })
  }

  /** As `runBlock`, with components edited on their way and brought out. */
  async runTapped(
    layer: number,
    input: BlockInput,
    { edits, patternSlots, out }: TappedInput,
  ): Promise<TappedRows> {
    this.#tapped ??= this.loadTapped()
    const feeds: Record<string, Tensor> = {
      ...this.#feeds(layer, input),
      [editOfRow]: int64(edits.editOfRow),
    }
    const fetches: Record<string, Tensor> = {}
    const rows = input.rows.length
    const { dModel, layers } = this.decoder
    const fetched = (name: string, width: number) => {
      const values = new Float32Array(rows * width)
      fetches[name] = new Tensor('float32', values, [rows, width])
      return values
    }
    const taken = innerComponents.map((component) => {
      const { scale, added, width } = edits.tables[component]
      const dims = [scale.length / width, width]
      feeds[scaleTable(component)] = new Tensor('float32', scale, dims)
      feeds[addedTable(component)] = new Tensor('float32', added, dims)
      return [component, fetched(component, width)] as const
    })
    const { attention, norms } = layers[layer] as LayerSpec
    const { heads, keyValueHeads } = attention
    const { items, queryLength, keyLength } = input.layout
    const picked = new Float32Array(items * queryLength)
    for (const slot of patternSlots) picked[slot] = 1
    feeds[patternOf] = new Tensor('float32', picked, [items, 1, 1, 1, queryLength])
    const weights = new Float32Array(items * heads * keyLength)
    const dims = [items, keyValueHeads, heads / keyValueHeads, 1, keyLength]
    fetches[pattern] = new Tensor('float32', weights, dims)
    const normed = norms.afterAttention !== null
    const raw = normed ? fetched(attentionRaw, dModel) : null
    fetches['resid_post'] = new Tensor('float32', out, [rows, dModel])
    await (await this.#tapped).run(layer, feeds, fetches)
    const inner = Object.fromEntries(taken) as Record<InnerComponent, Float32Array>
    return { ...inner, attentionRaw: raw, pattern: weights }
  }

  /** A tensor of the checkpoint, or its part, as f32 and in its stored shape. */
  read(ref: TensorRef): Float32Array {
    return readTensor(this.checkpoint, ref)
  }

  /** Lets go of the tapped block at work. */
  async leaveTapped(): Promise<void> {
    await (await this.#tapped)?.leave()
  }

  #feeds(
    layer: number,
    { residPre, positions, rows, layout, cached = none }: BlockInput,
  ): Record<string, Tensor> {
    const { items, queryLength, keyLength } = layout
    const { keys, values } = this.#keysAndValues(layer, cached)
    const { alibi } = (this.decoder.layers[layer] as LayerSpec).attention
    return {
      cached_keys: keys,
      cached_values: values,
      ...(alibi && {
        key_positions: new Tensor('float32', layout.keyPositions, [items, 1, 1, 1, keyLength]),
      }),
      resid_pre: new Tensor('float32', residPre, [positions.length, this.decoder.dModel]),
      rows: int64(rows),
      ...this.#positionFeeds(layer, positions),
      query_slots: int64(layout.querySlots),
      key_slots: int64(layout.keySlots),
      slot_of_row: int64(layout.slotOfRow),
      mask: new Tensor('float32', layout.mask, [items, 1, 1, queryLength, keyLength]),
      items: int64([items]),
      query_length: int64([queryLength]),
      key_length: int64([keyLength]),
    }
  }

  #keysAndValues(layer: number, { keys, values }: KeysAndValues): { keys: Tensor; values: Tensor } {
    const widths = keyValueWidths((this.decoder.layers[layer] as LayerSpec).attention)
    return {
      keys: new Tensor('float32', keys, [keys.length / widths.keys, widths.keys]),
      values: new Tensor('float32', values, [values.length / widths.values, widths.values]),
    }
  }

  async release(): Promise<void> {
    await this.blocks.release()
    await (await this.#tapped)?.release()
    await this.head.release()
    this.checkpoint.close()
  }

  #positionFeeds(layer: number, positions: readonly number[]): Record<string, Tensor> {
    const { attention } = this.decoder.layers[layer] as LayerSpec
    if (!readsPositions(attention)) return {}
    const feeds = { positions: int64(positions, [positions.length, 1]) }
    const { rotary } = attention
    if (!rotary) return feeds
    const { cos, sin, length } = this.#rotaryTable(rotary, Math.max(...positions) + 1)
    return {
      ...feeds,
      rotary_cos: new Tensor('float32', cos, [length, rotary.width / 2]),
      rotary_sin: new Tensor('float32', sin, [length, rotary.width / 2]),
    }
  }

  #rotaryTable(rotary: Rotary, length: number): RotaryTable {
    const known = this.#rotary.get(rotary)
    if (known && length <= known.length) return known
    // Grown in steps, so that it is seldom made anew.
    const grown = Math.ceil(length / 256) * 256
    const { angles, scale } = rotary
    const all = Array.from({ length: grown }, (_, position) => [...angles(position)]).flat()
    const table = {
      length: grown,
      cos: Float32Array.from(all, (angle) => scale * Math.cos(angle)),
      sin: Float32Array.from(all, (angle) => scale * Math.sin(angle)),
    }
    this.#rotary.set(rotary, table)
    return table
  }
}

/** `[length, width / 2]` each */
interface RotaryTable {
  readonly length: number
  readonly cos: Float32Array
  readonly sin: Float32Array
}

/** Indices, 0 to 2^31 - 1, as int64: each one's low word is written, since BigInts would be an object each. */
function int64(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  const data = new BigInt64Array(values.length)
  const words = new Int32Array(data.buffer)
  for (let i = 0; i < values.length; i++) words[2 * i] = values[i] as number
  return new Tensor('int64', data, dims)
}
