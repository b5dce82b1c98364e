import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import { z } from 'zod'
import { describeError, TaskvecError } from '../domain/errors.js'
import { storeError } from '../store/open.js'
import { itemFilters, itemOrders } from '../store/page-queries.js'
import { guard, refused } from './guard.js'
import { packageVersion } from '../system/home.js'
import { malformed } from '../system/zod-issue.js'
import type { Groups } from './groups.js'
import type { LayerFigure } from './layer-figure.js'
import type { Playground } from './playground.js'
import type { Watch } from './watch.js'

/** Interval between checks of the database for changes, and between keep-alives on a silent connection, ms. */
const lookEvery = 1000
const signEvery = 15_000
const mostConnections = 20

const name = z.string().min(1).max(300)
const page = z.coerce.number().int().min(0).max(1e6)
const mostRank = 1e9
const rank = z.coerce.number().int().min(1).max(mostRank)
const itemQuery = z.strictObject({
  model: name,
  task: name,
  split: z.enum(['baseline', 'dev', 'test']),
  show: z.enum(itemFilters).default('all'),
  text: z.string().max(300).default(''),
  rankFrom: rank.default(1),
  rankTo: rank.default(mostRank),
  order: z.enum(itemOrders).default('item'),
  page: page.default(0),
})
const figureQuery = z.strictObject({ model: name, task: name })
/** Pairs and vectors may be sent inline. */
const largestBody = 8_000_000

export interface Parts {
  readonly watch: Watch
  readonly groups: Groups
  readonly figure: LayerFigure
  readonly playground: Playground
  readonly token: string
  /** The results database. */
  readonly database: string
  /** Known only once the server is listening. */
  readonly port: () => number
  /** The folder with index.html, page.js and style.css. */
  readonly pageFolder: string
  /** Aborted when the server closes; nothing is read after that. */
  readonly closing: AbortSignal
}

/** All routes of the page. They only read. */
export function routes(parts: Parts): Hono {
  const { watch, groups, figure, playground, token, port, pageFolder, closing } = parts
  const app = new Hono()
  const said = new Set<string>()
  let connections = 0
  app.use(guard(port, token, { posts: ['/api/v1/predict'], ofPage: true }))
  app.use(
    bodyLimit({
      maxSize: largestBody,
      onError: (context) => context.json({ error: `at most ${largestBody} bytes` }, 413),
    }),
  )

  for (const [path, file, type] of [
    ['/', 'index.html', 'text/html'],
    ['/page.js', 'page.js', 'text/javascript'],
    ['/style.css', 'style.css', 'text/css'],
  ] as const) {
    const content = readFileSync(join(pageFolder, file), 'utf8')
    app.get(path, (context) => context.body(content, 200, { 'Content-Type': `${type}; charset=utf-8` }))
  }

  const api = new Hono()
  api.get('/', (context) => context.json({ api: 1, taskvec: packageVersion(), database: parts.database }))
  api.get('/sweeps', (context) => context.json(watch.sweeps()))
  api.get('/sweeps/:id', (context) => context.json(watch.sweep(context.req.param('id'))))
  api.get('/sweeps/:id/items', (context) => {
    const wanted = itemQuery.parse(context.req.query())
    return context.json(watch.items({ ...wanted, sweepId: context.req.param('id') }))
  })
  api.get('/sweeps/:id/by-layer', async (context) => {
    const { model, task } = figureQuery.parse(context.req.query())
    return context.json({ svg: await figure.draw(context.req.param('id'), model, task) })
  })
  api.get('/groups/:id', async (context) =>
    context.json(await groups.view(context.req.param('id'), context.req.query('by'))),
  )
  api.get('/playground', (context) => context.json(playground.choices(context.req.query('sweep'))))
  api.post('/predict', async (context) => context.json(await playground.ask(await context.req.json())))
  api.get('/changes', (context) => {
    if (connections >= mostConnections) return refused(context, 'too many pages are open', 503)
    connections++
    return streamSSE(
      context,
      async (stream) => {
        let open = true
        stream.onAbort(() => void (open = false))
        try {
          let last = ''
          let silent = 0
          while (open && !closing.aborted) {
            const version = watch.version()
            if (version !== last || silent >= signEvery) {
              await stream.writeSSE({ event: version === last ? 'alive' : 'change', data: version })
              silent = 0
            }
            last = version
            silent += lookEvery
            await sleep(lookEvery)
          }
        } finally {
          connections--
        }
      },
      // The page retries in a few seconds, so one line is enough.
      async (error) => sayOnce(error),
    )
  })

  app.route('/api/v1', api)

  app.notFound((context) => refused(context, 'not found: see docs/api.md', 404))
  app.onError((error, context) => refuse(error, context))
  return app

  function sayOnce(error: Error): void {
    const text = describeError(storeError('the database', error))
    if (!said.has(text)) process.stderr.write(`taskvec serve: ${text}\n`)
    said.add(text)
  }

  function refuse(given: Error, context: Context): Response {
    const error = storeError('the database', given)
    if (error instanceof z.ZodError) return context.json({ error: malformed(error) }, 400)
    if (error instanceof SyntaxError) return context.json({ error: `not JSON: ${error.message}` }, 400)
    if (!(error instanceof TaskvecError)) {
      sayOnce(given)
      return context.json({ error: 'an internal error: see the terminal' }, 500)
    }
    return context.json({ error: describeError(error) }, error.code === 'USAGE' ? 404 : 422)
  }
}
