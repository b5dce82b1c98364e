import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify } from '../architectures/catalog.js'
import { expectedTensors } from '../architectures/decoder.js'
import { TaskvecError } from '../domain/errors.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { chunkBounds } from '../domain/item-parts.js'
import { refusedMode, type EngineMode, type NumericsMode } from '../domain/numerics.js'
import type { ModelInfo } from '../domain/types.js'
import { refuseAltered } from '../models/manifest.js'
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js'
import type { Checkpoint } from '../weights/checkpoint.js'
import { openCheckpoint } from '../weights/open.js'
import { BlockSessions } from './block-sessions.js'
import { checkEvaluate, checkPatches, checkProject, checkPrompt } from './check-request.js'
import type {
  Engine,
  EvaluateOptions,
  EvaluatePart,
  EvaluateRequest,
  EvaluateResult,
  Patch,
  Projection,
  ProjectRequest,
  AnswerMetrics,
} from './engine.js'
import { evaluateItemPlainly, forwardLogits } from './reference-pass.js'
import { PassCheckpoint } from './pass-checkpoint.js'
import { plan, type Plan } from './planner.js'
import { projectRows } from './answer-metrics.js'
import { kernelsHere } from './kernels.js'
import { requireDevice } from './session-options.js'
import { runStreamedPass } from './streamed-pass.js'
import { ThetaResults } from './theta-results.js'
import { WavefrontChunk } from './wavefront.js'

/**
 * Items of one wavefront at most. More would go through the weights less often, but outgrow the processor's cache.
 * Part of every result's key, since shapes can move last bits.
 */
const itemsPerChunk = 16
/** Raised whenever a change to graphs or chunking may move bits of a mode's results. */
const revisions: Readonly<Record<NumericsMode, number>> = { f32: 1, int8: 1, int4: 1, w8a8: 4 }

const { version: runtimeVersion } = createRequire(import.meta.url)('onnxruntime-node/package.json') as {
  version: string
}

export interface EngineSettings {
  /** Bytes that the engine's process may hold; default: what the machine or its control group has. */
  readonly memoryLimit?: number | undefined
  /** Where streamed passes leave their residual streams; default: a folder under the system's temporary one. */
  readonly passFolder?: string | undefined
  /** Numerics and device; default: f32 on the cpu. */
  readonly mode?: EngineMode | undefined
}

/** Loads a Hugging Face folder or a GGUF file into this process. Errors: MODEL, WEIGHTS. */
export async function loadEngine(path: string, settings: EngineSettings = {}): Promise<LocalEngine> {
  const { mode = {}, memoryLimit } = settings
  const refusal = refusedMode(mode)
  if (refusal !== null) throw new TaskvecError('MODEL', refusal)
  requireDevice(mode.device ?? 'cpu')
  await refuseAltered(path)
  const { decoder, checkpoint, warnings } = identify(await openCheckpoint(path))
  const tokenizer = loadTokenizer(checkpoint)
  const chosen = plan(checkpoint, decoder, memoryLimit, mode.numerics)
  const sessions = await BlockSessions.load(checkpoint, decoder, chosen.execution, mode)
  const kernels = mode.processors === 'any' ? undefined : await kernelsHere()
  const said = [...warnings, ...tokenizer.warnings]
  const info = {
    ...describe(checkpoint, sessions, tokenizer, chosen, mode, kernels),
    ...(said.length === 0 ? {} : { warnings: said }),
  }
  return new LocalEngine(
    sessions,
    tokenizer,
    info,
    chosen,
    settings.passFolder ?? join(tmpdir(), 'taskvec-passes'),
  )
}

export class LocalEngine implements Engine {
  constructor(
    readonly sessions: BlockSessions,
    private readonly tokenizer: Tokenizer,
    readonly info: ModelInfo,
    readonly plan: Plan,
    private readonly passFolder: string,
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

  async logits(tokens: readonly number[], patches: readonly Patch[] = []): Promise<Float32Array> {
    checkPrompt(this.sessions.decoder, tokens)
    checkPatches(this.sessions.decoder, patches, tokens.length)
    return forwardLogits(this.sessions, tokens, { patches })
  }

  async project(request: ProjectRequest): Promise<Projection[]> {
    checkProject(this.sessions.decoder, request)
    return projectRows(this.sessions, request)
  }

  async evaluate(request: EvaluateRequest, options: EvaluateOptions = {}): Promise<EvaluateResult> {
    checkEvaluate(this.sessions.decoder, request)
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
    const { blocks, dModel } = this.sessions.decoder
    const thetas = new ThetaResults(request, dModel)
    const patched: AnswerMetrics[][] = []
    const plain: AnswerMetrics[][] = []
    const groups = this.#groups(request, thetas)
    let macs = 0
    for (const [number, chunks] of groups.entries()) {
      const tell = (fraction: number) => pause(options, (number + fraction) / groups.length)
      const members = chunks.map((make) => make())
      const checkpoint = this.#checkpoint(request, number)
      if (checkpoint) await runStreamedPass(this.sessions, members, thetas, checkpoint, tell)
      for (const chunk of members) {
        for (let layer = 0; layer < blocks && !checkpoint; layer++) {
          await tell(layer / blocks)
          await chunk.runBlock(layer)
        }
        const readings = await chunk.read()
        patched.push(...readings.patched)
        plain.push(...readings.plain)
        macs += chunk.macs
      }
      if (checkpoint) await this.sessions.head.release()
      checkpoint?.remove()
    }
    options.onProgress?.(1)
    return { patched, plain, flops: 2 * macs, ...thetas.result() }
  }

  /** Chunks to be computed, those of one pass together. */
  #groups(request: EvaluateRequest, thetas: ThetaResults): (() => WavefrontChunk)[][] {
    const { items, part } = request
    const bounds = partBounds(items.length, part)
    const count = bounds.length - 1
    const chunks = bounds.slice(0, -1).map((first, number) => () => {
      const members = items.slice(first, bounds[number + 1])
      return new WavefrontChunk(this.sessions, members, request, (item, layerIndex, theta) =>
        thetas.add(first + item, layerIndex, theta),
      )
    })
    const perPass =
      this.plan.execution === 'streamed' ? Math.max(1, this.plan.itemsPerPass / itemsPerChunk) : 1
    return Array.from({ length: Math.ceil(count / perPass) }, (_, i) =>
      chunks.slice(i * perPass, (i + 1) * perPass),
    )
  }

  /** Where a streamed pass leaves its residual streams; null where nothing is streamed. */
  #checkpoint(request: EvaluateRequest, pass: number): PassCheckpoint | null {
    if (this.plan.execution !== 'streamed') return null
    const { contentHash, numerics } = this.info
    const { itemsPerPass } = this.plan
    const givenTheta = request.givenTheta ? [...request.givenTheta] : null
    const key = sha256(
      canonicalJson({ contentHash, numerics, itemsPerPass, pass, request: { ...request, givenTheta } }),
    )
    return new PassCheckpoint(this.passFolder, key)
  }

  async #plain(request: EvaluateRequest, options: EvaluateOptions) {
    const { items } = request
    const thetas = new ThetaResults(request, this.sessions.decoder.dModel)
    const patched: AnswerMetrics[][] = []
    const plain: AnswerMetrics[][] = []
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

/** Where the chunks of these items begin, and the last one ends. Errors: TASK where a part is not of whole chunks. */
function partBounds(items: number, part: EvaluatePart | undefined): number[] {
  if (!part) return chunkBounds(items, itemsPerChunk)
  const end = part.first + items
  const bounds = chunkBounds(part.of, itemsPerChunk).filter((bound) => bound >= part.first && bound <= end)
  if (bounds[0] === part.first && bounds.at(-1) === end) return bounds.map((bound) => bound - part.first)
  throw new TaskvecError(
    'TASK',
    `items ${part.first} to ${end} of ${part.of} do not begin and end where chunks do`,
  )
}

/** Lets messages in between blocks: onnxruntime's run blocks the event loop, and a cancellation must be heard. */
async function pause({ signal, onProgress }: EvaluateOptions, fraction: number): Promise<void> {
  onProgress?.(fraction)
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new TaskvecError('CANCELLED', 'the computation was cancelled')
}

function describe(
  checkpoint: Checkpoint,
  { decoder }: BlockSessions,
  { unknownToken }: Tokenizer,
  { execution }: Plan,
  { numerics = 'f32', device }: EngineMode,
  kernels: string | undefined,
): ModelInfo {
  const types = [...new Set([...checkpoint.tensors.values()].map(({ type }) => type))].sort()
  const sizes = [...expectedTensors(decoder).values()].map((dims) => dims.reduce((a, b) => a * b, 1))
  return {
    contentHash: checkpoint.contentHash,
    architecture: decoder.family,
    blocks: decoder.blocks,
    dModel: decoder.dModel,
    vocab: decoder.vocab,
    ...(unknownToken === undefined ? {} : { unknownToken }),
    parameters: sizes.reduce((a, b) => a + b, 0),
    weights: `${checkpoint.format} ${types.join('+')}`,
    numerics: {
      mode: numerics,
      runtime: `onnxruntime-node ${runtimeVersion}`,
      threads: 1,
      itemsPerChunk,
      revision: revisions[numerics],
      ...(execution === 'packed' || numerics !== 'f32' ? {} : { weights: 'inputs' as const }),
      ...(device === 'cuda' ? { device } : {}),
      ...(kernels === undefined ? {} : { kernels }),
    },
  }
}
