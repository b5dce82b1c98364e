import { request } from 'node:http'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPageServer, type PageServer } from '../../src/serve/server.js'
import type { ItemPage, SweepLine, SweepView } from '../../src/serve/api.js'
import { openStore } from '../../src/store/store.js'
import { completeDatabase, runTask, sweep } from '../store/sample.js'

let database: string
let server: PageServer
let port: number
beforeAll(async () => {
  database = completeDatabase()
  server = await startPageServer(database, { pageFolder: somePage() })
  port = Number(new URL(server.url).port)
})
afterAll(() => server.close())

interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: string
}

/** Not `fetch`: that does not let a Host header be forged. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (body += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    call.on('error', reject)
    call.end()
  })
}

async function asked<T>(path: string): Promise<T> {
  const { status, body } = await send(path, bearer())
  expect([path, status, body]).toEqual([path, 200, body])
  return JSON.parse(body) as T
}

const bearer = () => ({ authorization: `Bearer ${server.token}` })

describe('a client with the link', () => {
  it('gets a cookie that scripts cannot read, the token leaves the address, and the page is there', async () => {
    const entered = await send(`/?token=${server.token}`)
    expect([entered.status, entered.headers['location']]).toEqual([302, '/'])
    const cookie = String(entered.headers['set-cookie'])
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Strict/)
    const page = await send('/', { cookie: cookie.split(';')[0] ?? '' })
    expect([page.status, page.body]).toEqual([200, '<p>page</p>'])
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'/)
  })

  it('sees sweeps, fields, items with the prediction of every L, and the curve', async () => {
    const [line] = await asked<SweepLine[]>('/api/v1/sweeps')
    expect(line?.id).toBe('sample-1')
    const view = await asked<SweepView>('/api/v1/sweeps/sample-1')
    expect([view.models, view.tasks, view.runningIn]).toEqual([['m'], ['upper', 'first'], null])
    expect(view.fields[0]).toMatchObject({
      cellsDone: 4,
      cellsAll: 4,
      bestLayer: 2,
      hypothesis: 0.75,
      regular: 1,
    })
    const { items, all } = await asked<ItemPage>('/api/v1/sweeps/sample-1/items?model=m&task=upper&split=dev')
    expect([all, items.length, items[0]?.predictions.map(({ layer, correct }) => [layer, correct])]).toEqual([
      3,
      3,
      [
        [0, false],
        [1, true],
        [2, true],
        [3, true],
      ],
    ])
    const { svg } = await asked<{ svg: string }>('/api/v1/sweeps/sample-1/by-layer?model=m&task=upper')
    expect(svg).toMatch(/^<svg/)
    expect(svg).not.toMatch(/<script|javascript:|\son\w+=/)
  })

  it('filters items by outcome, text and rank, and sorts by rank', async () => {
    const base = '/api/v1/sweeps/sample-1/items?model=m&task=upper&split=dev'
    const every = await asked<ItemPage>(base)
    const best = (item: ItemPage['items'][number]) => item.predictions.find(({ layer }) => layer === 2)
    const right = await asked<ItemPage>(`${base}&show=right`)
    const wrong = await asked<ItemPage>(`${base}&show=wrong`)
    expect(right.all + wrong.all).toBe(every.all)
    expect(right.items.every((item) => best(item)?.correct)).toBe(true)
    const query = every.items[1]?.query ?? ''
    expect(
      (await asked<ItemPage>(`${base}&text=${encodeURIComponent(query)}`)).items.map((item) => item.query),
    ).toContain(query)
    expect((await asked<ItemPage>(`${base}&text=%25`)).all).toBe(0)
    const ranks = (await asked<ItemPage>(`${base}&order=rank`)).items.map(
      (item) => best(item)?.answerRank ?? 0,
    )
    expect(ranks).toEqual([...ranks].sort((a, b) => b - a))
    expect((await asked<ItemPage>(`${base}&rankFrom=100000`)).all).toBe(0)
  })

  it('is told of a change that another process makes', async () => {
    const events = await fetch(`http://127.0.0.1:${port}/api/v1/changes`, { headers: bearer() })
    const reader = events.body?.getReader()
    const next = async () => new TextDecoder().decode((await reader?.read())?.value as Uint8Array)
    expect(await next()).toMatch(/event: change/)
    const store = openStore(database)
    store.createSweep(sweep('later-1'))
    runTask(store, 'later-1', 'upper', [3, 2, 1, 0])
    store.close()
    expect(await next()).toMatch(/event: change/)
    expect((await asked<SweepLine[]>('/api/v1/sweeps')).map(({ id }) => id)).toContain('later-1')
    await reader?.cancel()
  })
})

const long = 'x'.repeat(5000)

describe('a hostile request is refused', () => {
  it.each<[string, string, (token: string) => Record<string, string>, number, string?]>([
    ['no token', '/api/v1/sweeps', () => ({}), 401],
    ['no token, the page', '/', () => ({}), 401],
    ['a wrong token in the link', '/?token=guess', () => ({}), 403],
    ['an empty token', '/?token=', () => ({}), 403],
    ['a wrong bearer', '/api/v1/sweeps', () => ({ authorization: 'Bearer guess' }), 401],
    [
      'another name for this address (DNS rebinding)',
      '/api/v1/sweeps',
      (t) => ({ host: 'evil.example', ...auth(t) }),
      403,
    ],
    ['another name with the port', '/', (t) => ({ host: `evil.example:${port}`, ...auth(t) }), 403],
    ['another port of this machine', '/', (t) => ({ host: '127.0.0.1:1', ...auth(t) }), 403],
    ['another origin', '/api/v1/sweeps', (t) => ({ origin: 'http://evil.example', ...auth(t) }), 403],
    ['no origin of a sandboxed frame', '/api/v1/sweeps', (t) => ({ origin: 'null', ...auth(t) }), 403],
    [
      'another site',
      '/api/v1/sweeps',
      (t) => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', ...auth(t) }),
      403,
    ],
    ['POST', '/api/v1/sweeps', auth, 405, 'POST'],
    ['PUT', '/api/v1/sweeps/sample-1', auth, 405, 'PUT'],
    ['DELETE', '/api/v1/sweeps/sample-1', auth, 405, 'DELETE'],
    ['OPTIONS', '/api/v1/sweeps', auth, 405, 'OPTIONS'],
    ['a path upwards', '/../../../etc/passwd', auth, 404],
    ['a path upwards, escaped', '/%2e%2e%2f%2e%2e%2fetc%2fpasswd', auth, 404],
    ['a file of the project', '/package.json', auth, 404],
    ['an unknown sweep', '/api/v1/sweeps/nope', auth, 404],
    ['SQL in the name', `/api/v1/sweeps/${encodeURIComponent("x' or 1=1 --")}`, auth, 404],
    ['a zero byte', '/api/v1/sweeps/a%00b', auth, 404],
    ['broken escapes', '/api/v1/sweeps/%E0%A4%A', auth, 404],
    ['no model', '/api/v1/sweeps/sample-1/items?task=upper&split=dev', auth, 400],
    ['an unknown split', '/api/v1/sweeps/sample-1/items?model=m&task=upper&split=all', auth, 400],
    ['an unknown filter', '/api/v1/sweeps/sample-1/items?model=m&task=upper&split=dev&show=some', auth, 400],
    ['a negative page', '/api/v1/sweeps/sample-1/items?model=m&task=upper&split=dev&page=-1', auth, 400],
    ['a huge page', '/api/v1/sweeps/sample-1/items?model=m&task=upper&split=dev&page=1e99', auth, 400],
    ['an endless address', `/api/v1/sweeps?x=${long}`, auth, 414],
    ['headers without end', '/api/v1/sweeps', (t) => ({ ...auth(t), 'x-long': long.repeat(3) }), 431],
  ])('%s', async (_, path, headers, status, method) => {
    const reply = await send(path, headers(server.token), method)
    expect([reply.status, reply.body]).toEqual([status, reply.body])
    expect(reply.body).not.toMatch(/root:|"name": "taskvec"|node_modules|\.ts:\d/)
  })
})

it('says in words and as JSON what is wrong with a request', async () => {
  const items = '/api/v1/sweeps/sample-1/items?model=m&task=upper&'
  const errorOf = async (path: string, headers = auth(server.token)) =>
    (JSON.parse((await send(path, headers)).body) as { error: string }).error
  expect(await errorOf(`${items}split=all`)).toBe('split: must be baseline, dev or test')
  expect(await errorOf(`${items}split=dev&pgae=2`)).toBe('unknown key "pgae"')
  expect(await errorOf('/api/v1/sweep')).toContain('not found')
  expect(await errorOf('/api/v1/sweeps', {})).toContain('Authorization: Bearer')
})

function auth(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

it('a port that is taken is refused by name', async () => {
  await expect(startPageServer(database, { port, pageFolder: somePage() })).rejects.toMatchObject({
    code: 'USAGE',
    message: `port ${port} cannot be used: EADDRINUSE`,
  })
})

function somePage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'taskvec-'))
  for (const file of ['index.html', 'page.js', 'style.css']) writeFileSync(join(folder, file), '<p>page</p>')
  return folder
}
