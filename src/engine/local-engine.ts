import { createRequire } from 'node:module'
import { architectureOf } from '../architectures/catalog.js'
import { TaskvecError } from '../domain/errors.js'
import type { ModelInfo } from '../domain/types.js'
import { refuseAltered } from '../models/manifest.js'
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { openCheckpoint } from '../weights/open.js'
import { BlockSessions } from './block-sessions.js'
import type { Engine, EvaluateOptions, EvaluateRequest, EvaluateResult, Reading } from './engine.js'
import { evaluateItemPlainly, forwardLogits } from './plain.js'
import { evaluateChunk } from './wavefront.js'

/**
 * Items of one wavefront at most. More would go through the weights less often, but outgrow the processor's cache.
 * Part of every result's key, since shapes can move last bits.
 */
const itemsPerChunk = 16
/** Raised whenever a change to graphs or chunking may move bits of the results. */
const revision = 1

const { version: runtimeVersion } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
  version: string
}

/** Loads a Hugging Face folder or a GGUF file into this process. Errors: MODEL, WEIGHTS. */
export async function loadEngine(path: string): Promise<LocalEngine> {
  await refuseAltered(path)
  const checkpoint = await openCheckpoint(path)
  const architecture = architectureOf(checkpoint.config, checkpoint.path)
  const shape = architecture.describe(checkpoint.config, checkpoint.path)
  const tokenizer = loadTokenizer(checkpoint)
  const sessions = await BlockSessions.load(checkpoint, architecture, shape)
  return new LocalEngine(sessions, tokenizer, describe(checkpoint, sessions, tokenizer))
}

export class LocalEngine implements Engine {
  constructor(
    readonly sessions: BlockSessions,
    private readonly tokenizer: Tokenizer,
    readonly info: ModelInfo,
  ) {}

  async encode(
    texts: readonly string[],
    { special = true }: { special?: boolean } = {},
  ): Promise<number[][]> {
    return texts.map((text) => this.tokenizer.encode(text, special))
  }

  async decode(tokens: readonly number[]): Promise<string[]> {
    return tokens.map((token) => this.tokenizer.decodeToken(token))
  }

  async logits(tokens: readonly number[]): Promise<Float32Array> {
    this.#checkPrompt(tokens)
    return forwardLogits(this.sessions, tokens)
  }

  async evaluate(request: EvaluateRequest, options: EvaluateOptions = {}): Promise<EvaluateResult> {
    this.#checkRequest(request)
    const start = performance.now()
    const result = await (request.route === 'plain'
      ? this.#plain(request, options)
      : this.#wavefront(request, options))
    return { ...result, seconds: (performance.now() - start) / 1000 }
  }

  async close(): Promise<void> {
    await this.sessions.release()
  }

  async #wavefront({ items, layers, meanTheta }: EvaluateRequest, options: EvaluateOptions) {
    const { blocks, dModel } = this.sessions.shape
    const patched: Reading[][] = []
    const plain: Reading[][] = []
    const thetaSum = new Float64Array(layers.length * dModel)
    const chunks = Math.ceil(items.length / itemsPerChunk)
    let macs = 0
    for (let chunk = 0; chunk < chunks; chunk++) {
      // Chunks of nearly equal size: a small last one would go through all the weights for a few rows.
      const members = items.slice(
        Math.floor((chunk * items.length) / chunks),
        Math.floor(((chunk + 1) * items.length) / chunks),
      )
      const result = await evaluateChunk(this.sessions, members, layers, (layer) =>
        pause(options, (chunk + layer / blocks) / chunks),
      )
      patched.push(...result.patched)
      plain.push(...result.plain)
      result.thetaSum.forEach((value, i) => (thetaSum[i] = (thetaSum[i] as number) + value))
      macs += result.macs
    }
    options.onProgress?.(1)
    return {
      patched,
      plain,
      flops: 2 * macs,
      ...(meanTheta ? { meanTheta: average(thetaSum, items.length) } : {}),
    }
  }

  async #plain({ items, layers, meanTheta }: EvaluateRequest, options: EvaluateOptions) {
    const { dModel } = this.sessions.shape
    const patched: Reading[][] = []
    const plain: Reading[][] = []
    const thetaSum = new Float64Array(layers.length * dModel)
    for (const [i, item] of items.entries()) {
      const result = await evaluateItemPlainly(this.sessions, item, layers, () =>
        pause(options, i / items.length),
      )
      patched.push(result.patched)
      plain.push(result.plain)
      result.thetas.forEach((theta, l) =>
        theta.forEach(
          (value, j) => (thetaSum[l * dModel + j] = (thetaSum[l * dModel + j] as number) + value),
        ),
      )
    }
    options.onProgress?.(1)
    return { patched, plain, ...(meanTheta ? { meanTheta: average(thetaSum, items.length) } : {}) }
  }

  #checkRequest({ items, layers }: EvaluateRequest): void {
    const { blocks } = this.sessions.shape
    layers.forEach((layer, i) => {
      if (!Number.isInteger(layer) || layer < 0 || layer >= blocks || layer <= (layers[i - 1] ?? -1)) {
        throw new TaskvecError(
          'TASK',
          `layers [${layers.join(', ')}] must be ascending whole numbers from 0 to ${blocks - 1}`,
        )
      }
    })
    for (const item of items) {
      for (const prompt of [
        ...item.thetaPrompts,
        ...item.plainPrompts,
        ...(item.patchedPrompt ? [item.patchedPrompt] : []),
      ])
        this.#checkPrompt(prompt)
      if (item.patchedPrompt && layers.length > 0 && item.thetaPrompts.length === 0) {
        throw new TaskvecError('TASK', 'an item is to be patched but has no dummy query to compute θ from')
      }
      this.#checkToken(item.answerToken)
    }
  }

  #checkPrompt(tokens: readonly number[]): void {
    const { maxPositions } = this.sessions.shape
    if (tokens.length === 0) throw new TaskvecError('TASK', 'a prompt has no tokens')
    if (tokens.length > maxPositions) {
      throw new TaskvecError(
        'TASK',
        `a prompt has ${tokens.length} tokens; the model takes ${maxPositions} at most`,
        { hint: 'Use fewer or shorter demonstrations.' },
      )
    }
    tokens.forEach((token) => this.#checkToken(token))
  }

  #checkToken(token: number): void {
    const { vocab } = this.sessions.shape
    if (Number.isInteger(token) && token >= 0 && token < vocab) return
    throw new TaskvecError('TASK', `token id ${token} is out of range: the model knows 0 to ${vocab - 1}`)
  }
}

/** Lets messages in between blocks: onnxruntime's run blocks the event loop, and a cancellation must be heard. */
async function pause({ signal, onProgress }: EvaluateOptions, fraction: number): Promise<void> {
  onProgress?.(fraction)
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new TaskvecError('CANCELLED', 'the computation was cancelled')
}

function average(sum: Float64Array, count: number): Float32Array {
  return Float32Array.from(sum, (value) => value / count)
}

function describe(
  checkpoint: Checkpoint,
  { shape, architecture }: BlockSessions,
  { unknownToken }: Tokenizer,
): ModelInfo {
  const types = [...new Set([...checkpoint.tensors.values()].map(({ type }) => type))].sort()
  const sizes = [...architecture.expectedTensors(shape).values()].map((dims) =>
    dims.reduce((a, b) => a * b, 1),
  )
  return {
    contentHash: checkpoint.contentHash,
    architecture: architecture.name,
    blocks: shape.blocks,
    dModel: shape.dModel,
    vocab: shape.vocab,
    ...(unknownToken === undefined ? {} : { unknownToken }),
    parameters: sizes.reduce((a, b) => a + b, 0),
    weights: `${checkpoint.format} ${types.join('+')}`,
    numerics: {
      mode: 'f32',
      runtime: `onnxruntime-node ${runtimeVersion}`,
      threads: 1,
      itemsPerChunk,
      revision,
    },
  }
}
