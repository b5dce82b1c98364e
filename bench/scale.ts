/**
 * What the orchestration of a large sweep costs: MODELS models x 18 tasks x 60 layers through a real Temporal server, the real
 * workflows and activities and a real database, with engines that answer at once with made-up numbers, 564 predictions a task.
 * `taskvec run` has the sweep (workflows and the one writer), this process the workers of all models. Prints JSON.
 *
 *   npx tsx bench/scale.ts MODELS [DATABASE]
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { stringify } from 'yaml'
import { createComputeActivities } from '../activities/index.js'
import { projectRoot } from '../src/system/home.js'
import type { ModelInfo } from '../src/domain/types.js'
import type { Engine, AnswerMetrics } from '../src/engine/engine.js'
import type { EngineProcess } from '../src/engine/engine-process.js'
import { openReadOnly } from '../src/store/open.js'
import { processorSeconds, residentBytes } from '../src/system/process-table.js'
import { connectClient, connectWorker, type WorkerConnection } from '../src/temporal/connection.js'
import { contentQueue, modelQueue } from '../src/temporal/names.js'
import { findServerBinary } from '../src/temporal/server-binary.js'
import { ensureServer } from '../src/temporal/server.js'

const blocks = 60
const dModel = 16
const tasks = 18
/** As many as a sweep has under way at once, and the next few. */
const atOnce = 55

async function measure(models: number, kept?: string): Promise<void> {
  if (!(models > 0)) throw new Error('Usage: npx tsx bench/scale.ts MODELS [DATABASE]')
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-scale-'))
  const { path } = await findServerBinary()
  Object.assign(process.env, { TASKVEC_HOME: folder, TEMPORAL_CLI_PATH: path, TEMPORAL_ADDRESS: '' })
  const ids = Array.from({ length: models }, (_, i) => `model-${i}`)
  const config = join(folder, 'scale.yaml')
  const items = { devItems: 9, testItems: 8, baselineItems: 8 }
  // Nothing is read there: the workers have them.
  writeFileSync(
    config,
    stringify({
      name: 'scale',
      models: ids.map((id) => ({ id, path: folder })),
      tasks: 'all',
      ...items,
    }),
  )
  const db = kept ?? join(folder, 'scale.db')
  const server = await ensureServer({ home: folder })
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const workers = new Fleet(await connectWorker(server.settings), ids)
  const cli = join(projectRoot(), 'bin', 'taskvec.js')
  const child = spawn(process.execPath, [cli, 'run', config, '--db', db, '--elsewhere', 'all', '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const memory: { second: number; writer: number; server: number; processorSeconds: number }[] = []
  const started = performance.now()
  let startUp = 0
  const timer = setInterval(() => {
    if (startUp === 0 && existsSync(db)) startUp = (performance.now() - started) / 1000
    const mb = (pid: number) => Math.round(residentBytes(pid) / 1e6)
    memory.push({
      second: Math.round((performance.now() - started) / 1000),
      writer: mb(child.pid as number),
      server: mb(server.pid),
      processorSeconds: processorSeconds(child.pid as number) + processorSeconds(server.pid),
    })
  }, 1000)
  const exitCode = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (!server.alive()) process.stderr.write('the server has died\n')
  clearInterval(timer)
  await workers.stop()

  const reader = openReadOnly(db)
  const count = (table: string) => reader.prepare(`select count(*) from ${table}`).pluck().get() as number
  const [cells, predictions] = [count('cells'), count('predictions')]
  const seconds = reader
    .prepare('select (julianday(finished_at) - julianday(created_at)) * 86400 from sweeps')
    .pluck()
    .get() as number
  reader.close()
  const histories = await historyLengths(server.settings)
  await server.stop()
  // The report that `run` writes at its end is not the workers' memory.
  const during = memory.filter(({ second }) => second <= seconds + startUp)
  const half = during.slice(Math.floor(during.length / 2))
  const most = (of: 'writer' | 'server', among = during) => Math.max(0, ...among.map((at) => at[of]))
  process.stdout.write(
    `${JSON.stringify({
      ...{ node: process.versions.node, cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0] },
      ...{ models, exitCode, cells, predictions, seconds: Math.round(seconds) },
      secondsWithReport: memory.at(-1)?.second,
      cellsPerSecond: Math.round(cells / seconds),
      msPerCell: Number(((1000 * seconds) / cells).toFixed(2)),
      // Of writer and server: another measure, less disturbed by other work on the machine.
      processorMsPerCell: Number(((1000 * (during.at(-1)?.processorSeconds ?? 0)) / cells).toFixed(2)),
      longestHistory: histories,
      megabytes: {
        writer: most('writer'),
        writerFirstHalf: most('writer', during.slice(0, Math.ceil(during.length / 2))),
        writerSecondHalf: most('writer', half),
        server: most('server'),
        withReport: most('writer', memory),
      },
    })}\n`,
  )
  rmSync(folder, { recursive: true, force: true })
  process.exit()
}

/** Events of the longest run of each type of workflow. */
async function historyLengths(
  settings: Parameters<typeof connectClient>[0],
): Promise<Record<string, number>> {
  const { client, connection } = await connectClient(settings)
  const longest: Record<string, number> = {}
  for await (const { type, historyLength } of client.workflow.list())
    longest[type] = Math.max(longest[type] ?? 0, historyLength)
  await connection.close()
  return longest
}

/** Workers of all models, those under way and the next ones: one goes when its model is done, and the next comes. */
class Fleet {
  readonly #waiting: string[]
  readonly #running = new Map<string, { workers: Worker[]; left: Set<string> }>()
  readonly #ended: Promise<void>[] = []

  constructor(
    private readonly server: WorkerConnection,
    models: readonly string[],
  ) {
    this.#waiting = [...models]
    for (let i = 0; i < atOnce; i++) this.#next()
  }

  async stop(): Promise<void> {
    this.#waiting.length = 0
    for (const model of this.#running.keys()) this.#retire(model)
    await Promise.all(this.#ended)
  }

  #next(): void {
    const model = this.#waiting.shift()
    if (model !== undefined) this.#ended.push(this.#start(model))
  }

  async #start(model: string): Promise<void> {
    const engine = madeUpEngine(model)
    const { main: activities } = createComputeActivities(
      { use: (_, __, work) => work(engine) },
      {
        onProgress: ({ task, phase, fraction }) => {
          if (phase !== 'test' || fraction < 1) return
          const left = this.#running.get(model)?.left
          left?.add(task)
          // Its last result is on its way to the server.
          if (left?.size === tasks) setTimeout(() => this.#retire(model), 3000)
        },
      },
    )
    const workers = await Promise.all(
      [modelQueue(model), contentQueue(model, engine.info.modelHash)].map((taskQueue) =>
        Worker.create({
          ...this.server,
          taskQueue,
          activities,
          maxConcurrentActivityTaskExecutions: 3,
          maxConcurrentActivityTaskPolls: 1,
          shutdownGraceTime: '1 second',
        }),
      ),
    )
    this.#running.set(model, { workers, left: new Set() })
    await Promise.all(workers.map((worker) => worker.run()))
  }

  #retire(model: string): void {
    const of = this.#running.get(model)
    if (!of) return
    this.#running.delete(model)
    for (const worker of of.workers) worker.shutdown()
    this.#next()
  }
}

/** An engine that computes nothing: a word is a token, and what is read at it is drawn from a hash. */
function madeUpEngine(model: string): EngineProcess {
  const info: ModelInfo = {
    modelHash: createHash('sha256').update(model).digest('hex'),
    ...{ architecture: 'made-up', blocks, dModel, vocab: 50_000, parameters: 1, weights: 'made-up' },
    numerics: { mode: 'f32', runtime: 'none', threads: 1, itemsPerChunk: 8, revision: 0 },
  }
  const reading = (at: number): AnswerMetrics => {
    const token = (at * 2654435761) % info.vocab
    return {
      token,
      answerLogProb: -token / 5000,
      answerRank: 1 + (token % 1000),
      answerLogitDifference: 1 - token / 5000,
    }
  }
  const engine: Pick<Engine, 'info' | 'encode' | 'decode' | 'evaluate'> = {
    info,
    encode: async (texts) =>
      texts.map((text) => (text.match(/ ?[^\s]+|\s/g) ?? []).map((word) => word.length)),
    decode: async (ids) => ids.map((id) => ` word${id}`),
    evaluate: async ({ items, layers, thetas }) => ({
      patched: items.map((_, item) => layers.map((layer) => reading(60 * item + layer))),
      plain: items.map(({ plainPrompts }, item) => plainPrompts.map(() => reading(item))),
      ...(thetas ? { thetas: new Float32Array(layers.length * dModel) } : {}),
      seconds: 0,
    }),
  }
  return engine as EngineProcess
}

const [models, database] = process.argv.slice(2)
await measure(Number(models), database)
