import { createRequire } from 'node:module'
import { identify } from '../architectures/catalog.js'
import { TaskvecError } from '../domain/errors.js'
import type { ModelInfo } from '../domain/types.js'
import { refuseAltered } from '../models/manifest.js'
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { openCheckpoint } from '../weights/open.js'
import { BlockSessions } from './block-sessions.js'
import { checkEvaluate, checkProject, checkPrompt } from './check-request.js'
import type {
  Engine,
  EvaluateOptions,
  EvaluateRequest,
  EvaluateResult,
  Projection,
  ProjectRequest,
  Reading,
} from './engine.js'
import { evaluateItemPlainly, forwardLogits } from './plain.js'
import { projectRows } from './readings.js'
import { ThetaResults } from './theta-results.js'
import { WavefrontChunk } from './wavefront.js'

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
  const { architecture, shape, checkpoint } = identify(await openCheckpoint(path))
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
    checkPrompt(this.sessions.shape, tokens)
    return forwardLogits(this.sessions, tokens)
  }

  async project(request: ProjectRequest): Promise<Projection[]> {
    checkProject(this.sessions.shape, request)
    return projectRows(this.sessions, request)
  }

  async evaluate(request: EvaluateRequest, options: EvaluateOptions = {}): Promise<EvaluateResult> {
    checkEvaluate(this.sessions.shape, request)
    const start = performance.now()
    const result = await (request.route === 'plain'
      ? this.#plain(request, options)
      : this.#wavefront(request, options))
    return { ...result, seconds: (performance.now() - start) / 1000 }
  }

  async close(): Promise<void> {
    await this.sessions.release()
  }

  async #wavefront(request: EvaluateRequest, options: EvaluateOptions) {
    const { items } = request
    const { blocks, dModel } = this.sessions.shape
    const thetas = new ThetaResults(request, dModel)
    const patched: Reading[][] = []
    const plain: Reading[][] = []
    const chunks = Math.ceil(items.length / itemsPerChunk)
    let macs = 0
    for (let number = 0; number < chunks; number++) {
      // Chunks of nearly equal size: a small last one would go through all the weights for a few rows.
      const first = Math.floor((number * items.length) / chunks)
      const members = items.slice(first, Math.floor(((number + 1) * items.length) / chunks))
      const chunk = new WavefrontChunk(this.sessions, members, request, (item, layerIndex, theta) =>
        thetas.add(first + item, layerIndex, theta),
      )
      for (let layer = 0; layer < blocks; layer++) {
        await pause(options, (number + layer / blocks) / chunks)
        await chunk.runBlock(layer)
      }
      const readings = await chunk.read()
      patched.push(...readings.patched)
      plain.push(...readings.plain)
      macs += chunk.macs
    }
    options.onProgress?.(1)
    return { patched, plain, flops: 2 * macs, ...thetas.result() }
  }

  async #plain(request: EvaluateRequest, options: EvaluateOptions) {
    const { items } = request
    const thetas = new ThetaResults(request, this.sessions.shape.dModel)
    const patched: Reading[][] = []
    const plain: Reading[][] = []
    for (const [i, item] of items.entries()) {
      const result = await evaluateItemPlainly(this.sessions, item, request, () =>
        pause(options, i / items.length),
      )
      patched.push(result.patched)
      plain.push(result.plain)
      result.thetas.forEach((theta, layerIndex) => thetas.add(i, layerIndex, theta))
    }
    options.onProgress?.(1)
    return { patched, plain, ...thetas.result() }
  }
}

/** Lets messages in between blocks: onnxruntime's run blocks the event loop, and a cancellation must be heard. */
async function pause({ signal, onProgress }: EvaluateOptions, fraction: number): Promise<void> {
  onProgress?.(fraction)
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new TaskvecError('CANCELLED', 'the computation was cancelled')
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
