import { Tensor } from 'onnxruntime-node'
import { type DecoderSpec, type TensorRef } from '../architectures/decoder.js'
import { expectedTensors } from '../architectures/decoder-sizes.js'
import { readTensor } from '../architectures/model-graph.js'
import { embedToken } from '../architectures/embed.js'
import type { EngineMode } from '../domain/numerics.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { refuseUnfit } from '../weights/compare-tensors.js'
import { BlockFeeds, type BlockInput, type KeysAndValues } from './block-feeds.js'
import { fedBlocks, packedBlocks, type BlockWeights } from './block-weights.js'
import { HeadSessions, StreamedHead, type Head } from './head-sessions.js'
import type { Execution } from './planner.js'
import { tap, type TappedInput, type TappedRows } from './tapped-block.js'

/** A model as its blocks and its head, each an onnxruntime graph: capture and patch are array work between them. */
export class BlockSessions {
  readonly #feeds: BlockFeeds
  #tapped: Promise<BlockWeights> | undefined

  private constructor(
    readonly decoder: DecoderSpec,
    private readonly checkpoint: Checkpoint,
    private readonly blocks: BlockWeights,
    readonly head: Head,
    private readonly loadTapped: () => Promise<BlockWeights>,
    private readonly embeddings = new Map<number, Float32Array>(),
  ) {
    this.#feeds = new BlockFeeds(decoder)
  }

  /**
   * Builds each graph over the checkpoint's tensors, in the mode's numerics. `execution` decides which weights are kept in memory and
   * when they are read. Errors: MODEL, WEIGHTS.
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
    // Rarely needed, and in addition to the others, so one block at a time.
    const loadTapped = () =>
      execution === 'packed' || numerics !== 'f32'
        ? packedBlocks(checkpoint, decoder, 'streamed', mode, true)
        : fedBlocks(checkpoint, decoder, 'streamed', mode, true)
    return new BlockSessions(decoder, checkpoint, blocks, head, loadTapped)
  }

  /** Loads a block's weights and starts to read the next block's; required before a streamed block runs. */
  async enterBlock(layer: number): Promise<void> {
    await this.blocks.enter(layer)
  }

  /** Frees the weights that a streamed pass holds: blocks before the head runs, and the head afterwards. */
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
   * Writes `resid_post` of block `layer` into `out`, `[Q, d_model]` (allocating for each run would be slow), and the R rows'
   * keys and values into `made`, if given.
   */
  async runBlock(layer: number, input: BlockInput, out: Float32Array, made?: KeysAndValues): Promise<void> {
    await this.blocks.run(layer, this.#feeds.of(layer, input), {
      resid_post: new Tensor('float32', out, [input.rows.length, this.decoder.dModel]),
      ...(made && this.#feeds.keysAndValues(layer, made)),
    })
  }

  /** As `runBlock`, but edits components and returns them. */
  async runTapped(layer: number, input: BlockInput, tapped: TappedInput): Promise<TappedRows> {
    this.#tapped ??= this.loadTapped()
    const { feeds, fetches, rows } = tap(this.decoder, layer, input, tapped)
    await (await this.#tapped).run(layer, { ...this.#feeds.of(layer, input), ...feeds }, fetches)
    return rows
  }

  /** A tensor of the checkpoint, or its part, as f32 and in its stored shape. */
  read(ref: TensorRef): Float32Array {
    return readTensor(this.checkpoint, ref)
  }

  /** Frees the current tapped block. */
  async leaveTapped(): Promise<void> {
    await (await this.#tapped)?.leave()
  }

  async release(): Promise<void> {
    await this.blocks.release()
    await (await this.#tapped)?.release()
    await this.head.release()
    this.checkpoint.close()
  }
}
