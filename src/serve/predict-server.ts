import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { describeError, TaskvecError } from '../domain/errors.js'
import type { EngineMode } from '../domain/numerics.js'
import { startEngineProcess, type EngineProcess } from '../engine/engine-process.js'
import { locateModel, type ModelRef } from '../models/locate.js'
import { answer } from '../predict/predict.js'
import { predictRequest, type PredictRequest } from '../predict/request.js'
import { malformed } from '../system/zod-issue.js'
import { libraryNames, namedVectors, pickVectors } from '../vectors/library.js'
import { guard } from './guard.js'
import { listen } from './listen.js'

export interface PredictServer {
  /** Without the token. */
  readonly url: string
  readonly token: string
  readonly close: () => Promise<void>
}

/** Vectors may come as numbers. */
const largestBody = 32_000_000
const mostAtOnce = 1000
const mostWaiting = 64

const several = z.array(predictRequest).min(1).max(mostAtOnce)

/**
 * Answers questions to one model over HTTP on loopback: the engine is loaded once, in a separate process, and answers one question
 * at a time. Questions cannot name files: vectors come from the library or as numbers (docs/api.md). Errors: MODEL, WEIGHTS; USAGE if the port is taken.
 */
export async function startPredictServer(
  model: ModelRef,
  { port = 0, mode = {} }: { port?: number; mode?: EngineMode } = {},
): Promise<PredictServer> {
  const path = locateModel(model)
  const load = () => startEngineProcess(path, { mode })
  let engine = await load()
  const token = randomBytes(24).toString('base64url')
  let listening = port
  let busy: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function ask(request: PredictRequest): Promise<object> {
    if (!engine.alive) engine = await load()
    return answer(engine, request, (name) => pickVectors(name, namedVectors))
  }

  /** Waits for the questions before it. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= mostWaiting)
      throw new TaskvecError('USAGE', `${waiting} requests are waiting already`, {
        hint: 'Send several questions as one array.',
      })
    waiting++
    const turn = busy.then(work)
    busy = turn.catch(() => undefined).finally(() => waiting--)
    return turn
  }

  const app = new Hono()
  const posts = ['/api/v1/predict', '/api/predict']
  app.use(guard(() => listening, token, { posts, ofPage: false }))
  app.use(
    bodyLimit({
      maxSize: largestBody,
      onError: (context) => context.json({ error: `at most ${largestBody} bytes` }, 413),
    }),
  )
  const api = new Hono()
  api.get('/model', (context) => context.json({ model: model.id, ...described(engine) }))
  api.get('/vectors', (context) => context.json(libraryNames().map(summary)))
  api.post('/predict', async (context) => {
    const given: unknown = await context.req.json()
    // One question, or several, answered in order.
    const asked = Array.isArray(given) ? several.parse(given) : predictRequest.parse(given)
    return context.json(
      await inTurn(async () => {
        if (!Array.isArray(asked)) return ask(asked)
        const answers: object[] = []
        for (const request of asked) answers.push(await ask(request))
        return answers
      }),
    )
  })
  app.route('/api/v1', api)
  // The path from before versions.
  app.route('/api', api)
  app.notFound((context) => context.json({ error: 'not found: see docs/api.md' }, 404))
  app.onError((error, context) => {
    if (error instanceof z.ZodError) return context.json({ error: malformed(error) }, 400)
    if (error instanceof SyntaxError) return context.json({ error: `not JSON: ${error.message}` }, 400)
    if (error instanceof TaskvecError) return context.json({ error: describeError(error) }, 422)
    process.stderr.write(`taskvec serve: ${describeError(error)}\n`)
    return context.json({ error: 'an internal error: see the terminal' }, 500)
  })

  const server = await listen(app.fetch, port).catch(async (error: unknown) => {
    await engine.close()
    throw error
  })
  listening = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${listening}`,
    token,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
      await engine.close()
    },
  }
}

function described({ info }: EngineProcess) {
  const { modelHash: contentHash, architecture, blocks, dModel, vocab, weights, numerics } = info
  return { contentHash, architecture, blocks, dModel, vocab, weights, numerics }
}

function summary(name: string) {
  const { vectors, mode } = namedVectors(name)
  return {
    name,
    mode,
    vectors: vectors.map(({ name, layer, values }) => ({ name, layer, dModel: values.length })),
  }
}
