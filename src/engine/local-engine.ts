import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify } from '../architectures/catalog.js'
import { TaskvecError } from '../domain/errors.js'
import { canonicalJson, sha256 } from '../domain/identity.js'
import { refusedMode, type EngineMode } from '../domain/numerics.js'
import type { ModelInfo, PromptFormat } from '../domain/types.js'
import { refuseAltered } from '../models/manifest.js'
import { chatFormat } from '../tokenizer/chat-template.js'
import { loadTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js'
import { openCheckpoint } from '../weights/open.js'
import { answerEnd, endTokensOf } from './answer-end.js'
import { BlockSessions } from './block-sessions.js'
import { checkComponents } from './check-components.js'
import { checkEvaluate, checkPatches, checkProject, checkPrompt } from './check-request.js'
import { runComponents } from './component-pass.js'
import type { ComponentsRequest, ComponentsResult } from './components.js'
import type {
  Engine,
  EvaluateOptions,
  EvaluateRequest,
  EvaluateResult,
  Generate,
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
import { pause } from './pause.js'
import { itemsPerChunk, modelInfo } from './model-info.js'
import { partBounds, shareDone, itemsPerPass } from './pass-size.js'

export interface EngineSettings {
  /** Memory limit of the engine's process, bytes; default: that of the machine or control group. */
  readonly memoryLimit?: number | undefined
  /** Folder for checkpoints of streamed passes; default: one in the system's temporary folder. */
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
    ...modelInfo(checkpoint, sessions, tokenizer, chosen, mode, kernels),
    ...(said.length === 0 ? {} : { warnings: said }),
  }
  return new LocalEngine(
    sessions,
    tokenizer,
    info,
    chosen,
    settings.passFolder ?? join(tmpdir(), 'taskvec-passes'),
    endTokensOf(checkpoint.config),
  )
}

export class LocalEngine implements Engine {
  constructor(
    readonly sessions: BlockSessions,
    private readonly tokenizer: Tokenizer,
    readonly info: ModelInfo,
    readonly plan: Plan,
    private readonly passFolder: string,
    /** Tokens that end what the model writes. */
    private readonly endTokens: readonly number[] = [],
  ) {}

  async encode(
    texts: readonly string[],
    { special = true }: { special?: boolean } = {},
  ): Promise<number[][]> {
    return texts.map((text) => this.tokenizer.encode(text, special))
  }

  async chatFormat(system?: string): Promise<PromptFormat> {
    const { chat, path } = this.tokenizer
    if (!chat)
      throw new TaskvecError('TASK', `${path}: the model has no chat template`, {
        hint: 'Use a chat model whose files include one, in tokenizer_config.json or chat_template.jinja.',
      })
    return chatFormat(path, chat, system)
  }

  async decode(tokens: readonly number[]): Promise<string[]> {
    return tokens.map((token) => this.tokenizer.decodeToken(token))
  }

  async decodeAll(sequences: readonly (readonly number[])[]): Promise<string[]> {
    return sequences.map((tokens) => this.tokenizer.decode(tokens))
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

  async components(request: ComponentsRequest, options: EvaluateOptions = {}): Promise<ComponentsResult> {
    checkComponents(this.sessions.decoder, request)
    const start = performance.now()
    const result = await runComponents(this.sessions, request, (fraction) => pause(options, fraction))
    options.onProgress?.(1)
    return { ...result, seconds: (performance.now() - start) / 1000 }
  }

  async close(): Promise<void> {
    await this.sessions.release()
  }

  async #wavefront(request: EvaluateRequest, options: EvaluateOptions) {
    const thetas = new ThetaResults(request, this.sessions.decoder.dModel)
    const patched: AnswerMetrics[][] = []
    const plain: AnswerMetrics[][] = []
    const groups = this.#groups(request, thetas)
    let macs = 0
    for (const [number, chunks] of groups.entries()) {
      const tell = (fraction: number) => pause(options, (number + fraction) / groups.length)
      const members = chunks.map((make) => make())
      const checkpoint = this.#checkpoint(request, number)
      let going = members
      for (let step = 0; going.length > 0; step++) {
        await this.#pass(going, thetas, step === 0 ? checkpoint : null, (fraction) =>
          tell(shareDone(step + fraction, request.generate)),
        )
        going = going.filter((chunk) => chunk.advance())
      }
      for (const chunk of members) {
        const results = chunk.results()
        patched.push(...results.patched)
        plain.push(...results.plain)
        macs += chunk.macs
      }
      checkpoint?.remove()
    }
    options.onProgress?.(1)
    return { patched, plain, flops: 2 * macs, ...thetas.result() }
  }

  /** Runs chunks through all blocks and reads their answers. */
  async #pass(
    chunks: readonly WavefrontChunk[],
    thetas: ThetaResults,
    checkpoint: PassCheckpoint | null,
    tell: (fraction: number) => Promise<void>,
  ): Promise<void> {
    const { blocks } = this.sessions.decoder
    const streamed = this.plan.execution === 'streamed'
    if (streamed) await runStreamedPass(this.sessions, chunks, thetas, checkpoint, tell)
    for (const chunk of chunks) {
      for (let layer = 0; layer < blocks && !streamed; layer++) {
        await tell(layer / blocks)
        await chunk.runBlock(layer)
      }
      await chunk.read()
    }
    if (streamed) await this.sessions.head.release()
  }

  /** The chunks to compute, grouped by pass. */
  #groups(request: EvaluateRequest, thetas: ThetaResults): (() => WavefrontChunk)[][] {
    const { items, part, generate } = request
    const ended = generate && this.#answerEnd(generate)
    const bounds = partBounds(items.length, part)
    const count = bounds.length - 1
    const chunks = bounds.slice(0, -1).map((first, number) => () => {
      const members = items.slice(first, bounds[number + 1])
      const onTheta = (item: number, layerIndex: number, theta: Float32Array) =>
        thetas.add(first + item, layerIndex, theta)
      return new WavefrontChunk(this.sessions, members, request, onTheta, ended)
    })
    const perPass =
      this.plan.execution === 'streamed'
        ? Math.max(1, Math.floor(itemsPerPass(this.plan, this.sessions.decoder, request) / itemsPerChunk))
        : 1
    return Array.from({ length: Math.ceil(count / perPass) }, (_, i) =>
      chunks.slice(i * perPass, (i + 1) * perPass),
    )
  }

  #answerEnd(generate: Generate): (tokens: readonly number[]) => boolean {
    return answerEnd(generate, this.endTokens, (tokens) => this.tokenizer.decode(tokens))
  }

  /**
   * The checkpoint of a streamed pass; null if nothing is streamed, or if answers are generated, since it does not hold their keys and
   * values.
   */
  #checkpoint(request: EvaluateRequest, pass: number): PassCheckpoint | null {
    if (this.plan.execution !== 'streamed' || request.generate) return null
    const { modelHash, numerics } = this.info
    const { itemsPerPass } = this.plan
    const givenTheta = request.givenTheta ? [...request.givenTheta] : null
    const key = sha256(
      canonicalJson({ modelHash, numerics, itemsPerPass, pass, request: { ...request, givenTheta } }),
    )
    return new PassCheckpoint(this.passFolder, key)
  }

  async #plain(request: EvaluateRequest, options: EvaluateOptions) {
    const { items } = request
    const thetas = new ThetaResults(request, this.sessions.decoder.dModel)
    const ended = request.generate && this.#answerEnd(request.generate)
    const patched: AnswerMetrics[][] = []
    const plain: AnswerMetrics[][] = []
    for (const [i, item] of items.entries()) {
      const tell = () => pause(options, i / items.length)
      const result = await evaluateItemPlainly(this.sessions, item, request, tell, ended)
      patched.push(result.patched)
      plain.push(result.plain)
      result.thetas.forEach((theta, layerIndex) => thetas.add(i, layerIndex, theta))
    }
    options.onProgress?.(1)
    return { patched, plain, ...thetas.result() }
  }
}
