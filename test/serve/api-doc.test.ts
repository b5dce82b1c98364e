import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPageServer, type PageServer } from '../../src/serve/server.js'
import { completeDatabase } from '../store/sample.js'

/** docs/api.md names what the page's server answers, and all of it. */

const doc = readFileSync('docs/api.md', 'utf8')
const documented = [...doc.matchAll(/^\| `GET (\/api\/v1[^`]*)` \|/gm)].map(([, path = '']) => path)

let server: PageServer
beforeAll(async () => {
  server = await startPageServer(completeDatabase())
})
afterAll(() => server.close())

const ask = (path: string) =>
  fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${server.token}` } })

describe('docs/api.md', () => {
  it.each(documented)('GET %s is answered', async (path) => {
    const known = path
      .replaceAll('ID', 'sample-1')
      .replace(/(model)=/, '$1=m')
      .replace(/(task)=/, '$1=upper')
    const selected = known.endsWith('/items') ? `${known}?model=m&task=upper&split=test` : known
    const response = await ask(selected)
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  it('names every key of a sweep, of a page of items, and of what a question may name', async () => {
    for (const path of [
      '/api/v1',
      '/api/v1/sweeps/sample-1',
      '/api/v1/sweeps/sample-1/items?model=m&task=upper&split=test',
      '/api/v1/playground',
    ]) {
      const answer = (await (await ask(path)).json()) as object
      for (const key of Object.keys(answer))
        expect(doc, `${path}: ${key}`).toMatch(new RegExp(`\\b${key}\\b`))
    }
  })

  it('has every path of the routes', () => {
    const paths = [...readFileSync('src/serve/routes.ts', 'utf8').matchAll(/api\.(get|post)\('([^']+)'/g)]
    for (const [, method = '', path = ''] of paths) {
      const said = `${method.toUpperCase()} /api/v1${path === '/' ? '' : path.replace(':id', 'ID')}`
      expect(doc).toContain(said)
    }
  })
})
