import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { DecoderSpec } from '../architectures/decoder.js'
import { expSumGraph, headGraph, type VocabularySlice } from '../architectures/head.js'
import type { Device } from '../domain/numerics.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { ReusedBuffer } from './reused-buffer.js'
import { sessionOptions } from './session-options.js'

/** Tokens per slice: few enough that its logits stay in the processor's cache while they are summed. */
const tokensPerSlice = 8192

/** Logits of some rows for one slice of the vocabulary. */
export interface SliceLogits extends VocabularySlice {
  /** `[rows, count]`; overwritten by the next run. */
  readonly logits: Float32Array
  /** `[rows]`: each row's largest logit of the slice. */
  readonly highest: Float32Array
  /** `[rows]`: sum over the slice of exp(logit - highest); null if not requested. */
  readonly expSum: Float32Array | null
}

interface Slice extends VocabularySlice {
  readonly session: InferenceSession
  readonly buffer: ReusedBuffer
}

export type Head = Pick<HeadSessions, 'run' | 'release'>

/** A head that is loaded on its first run, and reloaded after a release. */
export class StreamedHead implements Head {
  #loaded: HeadSessions | null = null

  constructor(private readonly load: () => Promise<HeadSessions>) {}

  async run(residual: Float32Array, greedy?: boolean): Promise<SliceLogits[]> {
    this.#loaded ??= await this.load()
    return this.#loaded.run(residual, greedy)
  }

  async release(): Promise<void> {
    await this.#loaded?.release()
    this.#loaded = null
  }
}

/** The final norm and the unembedding, as one session per slice of the vocabulary. */
export class HeadSessions {
  private constructor(
    private readonly dModel: number,
    private readonly slices: readonly Slice[],
    private readonly expSums: InferenceSession,
  ) {}

  static async load(checkpoint: Checkpoint, decoder: DecoderSpec, device?: Device): Promise<HeadSessions> {
    const slices: Slice[] = []
    for (let first = 0; first < decoder.vocab; first += tokensPerSlice) {
      const count = Math.min(tokensPerSlice, decoder.vocab - first)
      const model = headGraph(checkpoint, decoder, { first, count })
      const session = await InferenceSession.create(model.encode(), sessionOptions(device))
      slices.push({ first, count, session, buffer: new ReusedBuffer() })
    }
    const expSums = await InferenceSession.create(expSumGraph().encode(), sessionOptions(device))
    return new HeadSessions(decoder.dModel, slices, expSums)
  }

  /**
   * @param residual `[rows, d_model]`, residual streams after the last block
   * @param greedy skips what only probabilities need
   */
  async run(residual: Float32Array, greedy = false): Promise<SliceLogits[]> {
    const rows = residual.length / this.dModel
    const input = new Tensor('float32', residual, [rows, this.dModel])
    const results: SliceLogits[] = []
    for (const { first, count, session, buffer } of this.slices) {
      const logits = buffer.take(rows * count)
      const highest = new Float32Array(rows)
      const given = {
        logits: new Tensor('float32', logits, [rows, count]),
        highest: new Tensor('float32', highest, [rows, 1]),
      }
      await session.run({ residual: input }, given)
      const expSum = greedy ? null : new Float32Array(rows)
      if (expSum) await this.expSums.run(given, { exp_sum: new Tensor('float32', expSum, [rows, 1]) })
      results.push({ first, count, logits, highest, expSum })
    }
    return results
  }

  async release(): Promise<void> {
    for (const { session } of this.slices) await session.release()
    await this.expSums.release()
  }
}
